import assert from "node:assert/strict";
import { type ByteStream, type FaultOptions, faulty, loopback } from "../../transport/mod.ts";
import { TransportError, type TransportErrorReason } from "../../transport/mod.ts";

function pair(faults: FaultOptions): [ByteStream, ByteStream] {
  const [near, far] = loopback();
  return [faulty(near, faults), far];
}

function because(reason: TransportErrorReason): (error: unknown) => boolean {
  return (error) => error instanceof TransportError && error.reason === reason;
}

/** Reads until the end and gives all bytes. */
async function drain(stream: ByteStream): Promise<number[]> {
  const bytes: number[] = [];
  const into = new Uint8Array(16);
  for (let n = await stream.read(into); n !== null; n = await stream.read(into)) {
    bytes.push(...into.subarray(0, n));
  }
  return bytes;
}

Deno.test("faulty() shortens reads", async () => {
  const [near, far] = pair({ maxReadBytes: 2 });
  await far.write([new Uint8Array(5)]);
  const counts = [];
  for (let i = 0; i < 3; i++) counts.push(await near.read(new Uint8Array(10)));
  assert.deepEqual(counts, [2, 2, 1]);
});

Deno.test("faulty() stalls reads at a byte until close()", async () => {
  const [near, far] = pair({ stallReadAt: 3 });
  await far.write([new Uint8Array(5)]);
  assert.equal(await near.read(new Uint8Array(10)), 3);
  let settled = false;
  const stalled = near.read(new Uint8Array(10)).finally(() => settled = true);
  far.close();
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assert.equal(settled, false);
  near.close();
  assert.equal(await stalled, null);
});

Deno.test("faulty() cuts the connection after so many bytes read", async () => {
  const [near, far] = pair({ cutReadAt: 3 });
  await far.write([new Uint8Array(5)]);
  assert.equal(await near.read(new Uint8Array(10)), 3);
  await assert.rejects(near.read(new Uint8Array(10)), because("reset"));
  await assert.rejects(near.write([Uint8Array.of(1)]), because("reset"));
  assert.deepEqual(await drain(far), []);
});

Deno.test("faulty() cuts the connection after so many bytes written, which arrive", async () => {
  const [near, far] = pair({ cutWriteAt: 5 });
  const pending = assert.rejects(near.read(new Uint8Array(1)), because("reset"));
  await near.write([Uint8Array.of(1, 2)]);
  await assert.rejects(
    near.write([Uint8Array.of(3, 4), Uint8Array.of(5, 6), Uint8Array.of(7)]),
    because("reset"),
  );
  await pending;
  assert.deepEqual(await drain(far), [1, 2, 3, 4, 5]);
  await assert.rejects(near.write([Uint8Array.of(8)]), because("reset"));
});

Deno.test("faulty() turns bits over in what is read", async () => {
  const flipRead = [{ offset: 1 }, { offset: 3, bit: 7 }];
  const [near, far] = pair({ flipRead, maxReadBytes: 2 });
  await far.write([new Uint8Array(5)]);
  far.close();
  assert.deepEqual(await drain(near), [0, 1, 0, 0x80, 0]);
});

Deno.test("faulty() turns bits over in what is written, not in the caller's chunks", async () => {
  const [near, far] = pair({ flipWrite: [{ offset: 2, bit: 4 }, { offset: 3 }] });
  const chunks = [new Uint8Array(1), new Uint8Array(2), new Uint8Array(2)];
  await near.write(chunks);
  near.close();
  assert.deepEqual(await drain(far), [0, 0, 0x10, 1, 0]);
  assert.ok(chunks.every((chunk) => chunk.every((byte) => byte === 0)));
});

Deno.test("faulty() that was cut is closed like any other", async () => {
  const [near] = pair({ cutReadAt: 0 });
  await assert.rejects(near.read(new Uint8Array(1)), because("reset"));
  near.close();
  assert.equal(await near.read(new Uint8Array(1)), null);
  await assert.rejects(near.write([Uint8Array.of(1)]), because("closed"));
});
