import assert from "node:assert/strict";
import type { ByteSource } from "../../../cli/host/host.ts";
import { FillingSource } from "../../../cli/transfer/filling_source.ts";
import { MemorySource, patternBytes } from "../memory_host.ts";

async function drain(source: ByteSource, pieceBytes: number): Promise<Uint8Array> {
  const bytes: number[] = [];
  const piece = new Uint8Array(pieceBytes);
  for (;;) {
    const count = await source.read(piece);
    if (count === 0) return new Uint8Array(bytes);
    bytes.push(...piece.subarray(0, count));
  }
}

/** Gives what it is handed, when it is handed it. */
class HandFedSource implements ByteSource {
  #waiting: { into: Uint8Array; resolve: (count: number) => void } | undefined;
  closed = false;

  /** Feeds bytes to the read that waits; an empty array ends the source. */
  async feed(bytes: Uint8Array): Promise<void> {
    while (this.#waiting === undefined) await Promise.resolve();
    const { into, resolve } = this.#waiting;
    this.#waiting = undefined;
    into.set(bytes);
    resolve(bytes.length);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }

  read(into: Uint8Array): Promise<number> {
    return new Promise((resolve) => this.#waiting = { into, resolve });
  }

  cancel(): void {
    this.#waiting?.resolve(0);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

for (const capacityBytes of [1, 7, 64, 100_000]) {
  for (const startAt of [0.01, 0.5, 1]) {
    Deno.test(`FillingSource of ${capacityBytes} bytes, started at ${startAt}, changes nothing`, async () => {
      const bytes = patternBytes(3000);
      const inner = new MemorySource(bytes, { pieces: [13, 1, 500] });
      const source = new FillingSource(inner, { capacityBytes, startAt });
      assert.deepEqual(await drain(source, 37), bytes);
      await source.close();
      assert.ok(inner.closed);
    });
  }
}

Deno.test("FillingSource gives nothing before it is as full as it should be", async () => {
  const inner = new HandFedSource();
  const source = new FillingSource(inner, { capacityBytes: 100, startAt: 0.5 });
  let given = -1;
  const read = source.read(new Uint8Array(10)).then((count) => given = count);
  await inner.feed(new Uint8Array(49));
  assert.equal(given, -1);
  await inner.feed(new Uint8Array(1));
  await read;
  assert.equal(given, 10);
  await source.close();
});

Deno.test("FillingSource fills up again once it has run empty, and counts that", async () => {
  const inner = new HandFedSource();
  const source = new FillingSource(inner, { capacityBytes: 10, startAt: 0.5 });
  const first = source.read(new Uint8Array(10));
  await inner.feed(new Uint8Array(5));
  assert.equal(await first, 5);
  let given = -1;
  const second = source.read(new Uint8Array(10)).then((count) => given = count);
  await inner.feed(new Uint8Array(4));
  assert.equal(given, -1);
  await inner.feed(new Uint8Array(1));
  await second;
  assert.equal(given, 5);
  assert.equal(source.timesEmpty, 1);
  await source.close();
});

Deno.test("FillingSource throws the source's error behind the bytes that came before it", async () => {
  const inner: ByteSource = {
    read: failAfter(20),
    cancel: () => {},
    close: () => Promise.resolve(),
  };
  const source = new FillingSource(inner, { capacityBytes: 100, startAt: 1 });
  assert.equal(await source.read(new Uint8Array(50)), 20);
  await assert.rejects(source.read(new Uint8Array(50)), /the disk is gone/);
  await source.close();
});

function failAfter(bytes: number): (into: Uint8Array) => Promise<number> {
  let left = bytes;
  return () => {
    if (left === 0) return Promise.reject(new Error("the disk is gone"));
    left = 0;
    return Promise.resolve(bytes);
  };
}

Deno.test("FillingSource.cancel() ends a read that waits", async () => {
  const inner = new HandFedSource();
  const source = new FillingSource(inner, { capacityBytes: 100, startAt: 1 });
  const read = source.read(new Uint8Array(10));
  await inner.feed(new Uint8Array(5));
  source.cancel();
  assert.equal(await read, 0);
  await source.close();
  assert.ok(inner.closed);
});
