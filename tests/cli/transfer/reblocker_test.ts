import assert from "node:assert/strict";
import type { ByteSource } from "../../../cli/host/host.ts";
import { Reblocker } from "../../../cli/transfer/reblocker.ts";
import { MemorySource, patternBytes } from "../memory_host.ts";

async function allRecords(reblocker: Reblocker): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (;;) {
    const record = await reblocker.next();
    if (record === null) return records;
    records.push(record.slice());
  }
}

function joined(records: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(records.flatMap((record) => Array.from(record)));
}

Deno.test("Reblocker gives whole records whatever pieces the bytes come in", async () => {
  const seed = 20261121;
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let round = 0; round < 300; round++) {
    const recordBytes = 1 + random(50);
    const bytes = patternBytes(random(400), round + 1);
    const pieces = Array.from({ length: 5 }, () => 1 + random(120));
    const chunkBytes = 1 + random(200);
    const source = new MemorySource(bytes, { pieces });
    const records = await allRecords(new Reblocker(source, recordBytes, { chunkBytes }));
    const where = `seed ${seed}, round ${round}`;
    assert.deepEqual(joined(records), bytes, where);
    assert.equal(records.length, Math.ceil(bytes.length / recordBytes), where);
    assert.ok(records.slice(0, -1).every((record) => record.length === recordBytes), where);
  }
});

Deno.test("Reblocker gives nothing for an empty source, again and again", async () => {
  const reblocker = new Reblocker(new MemorySource(new Uint8Array(0)), 10);
  assert.equal(await reblocker.next(), null);
  assert.equal(await reblocker.next(), null);
});

Deno.test("Reblocker gives a record as soon as it is there, without waiting for a whole chunk", async () => {
  let reads = 0;
  const source: ByteSource = {
    read(into) {
      reads++;
      if (reads > 1) return new Promise(() => {});
      into.fill(7, 0, 10);
      return Promise.resolve(10);
    },
    cancel() {},
    close: () => Promise.resolve(),
  };
  const record = await new Reblocker(source, 10, { chunkBytes: 1000 }).next();
  assert.deepEqual(record, new Uint8Array(10).fill(7));
});

Deno.test("Reblocker reports the source's error after the records before it", async () => {
  let reads = 0;
  const source: ByteSource = {
    read(into) {
      if (++reads === 3) return Promise.reject(new Error("broken"));
      into.fill(reads, 0, 4);
      return Promise.resolve(4);
    },
    cancel() {},
    close: () => Promise.resolve(),
  };
  const reblocker = new Reblocker(source, 4, { chunkBytes: 4 });
  assert.deepEqual(await reblocker.next(), new Uint8Array(4).fill(1));
  assert.deepEqual(await reblocker.next(), new Uint8Array(4).fill(2));
  await assert.rejects(reblocker.next(), /broken/);
  await reblocker.settle();
});

Deno.test("Reblocker leaves a record alone until the next call", async () => {
  const bytes = patternBytes(64);
  const reblocker = new Reblocker(new MemorySource(bytes, { pieces: [3] }), 8, { chunkBytes: 8 });
  for (let offset = 0; offset < 64; offset += 8) {
    const record = await reblocker.next();
    // Lets the reading ahead go as far as it can.
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    assert.deepEqual(record, bytes.slice(offset, offset + 8));
  }
});
