import assert from "node:assert/strict";
import { type ByteStream, loopback, recording, tracing } from "../../transport/mod.ts";

async function converse(client: ByteStream, server: ByteStream): Promise<void> {
  await client.write([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
  await server.write([Uint8Array.of(4, 5, 6, 7)]);
  await client.read(new Uint8Array(3));
  await client.read(new Uint8Array(3));
}

Deno.test("recording() keeps all bytes with direction and time", async () => {
  let nowMs = 100;
  const [near, far] = loopback();
  const { stream, transcript } = recording(near, { now: () => nowMs++ });
  await converse(stream, far);
  assert.deepEqual(transcript.entries, [
    { atMs: 100, direction: "out", bytes: Uint8Array.of(1, 2) },
    { atMs: 101, direction: "out", bytes: Uint8Array.of(3) },
    { atMs: 102, direction: "in", bytes: Uint8Array.of(4, 5, 6) },
    { atMs: 103, direction: "in", bytes: Uint8Array.of(7) },
  ]);
  assert.equal(transcript.truncated, false);
});

Deno.test("recording() stops at its limit for good and says so", async () => {
  const [near, far] = loopback();
  const { stream, transcript } = recording(near, { maxBytes: 5 });
  await converse(stream, far);
  assert.equal(transcript.truncated, true);
  assert.deepEqual(transcript.entries.map(({ bytes }) => bytes.length), [2, 1]);
});

Deno.test("tracing() hands the hook copies of its own", async () => {
  const [near, far] = loopback();
  const seen: [string, Uint8Array][] = [];
  const stream = tracing(near, (direction, bytes) => {
    seen.push([direction, bytes.slice()]);
    bytes.fill(0xff);
  });
  await stream.write([Uint8Array.of(1, 2)]);
  await far.write([Uint8Array.of(3)]);
  const into = new Uint8Array(4);
  await far.read(into);
  assert.deepEqual([...into], [1, 2, 0, 0]);
  await stream.read(into);
  assert.equal(into[0], 3);
  assert.deepEqual(seen, [["out", Uint8Array.of(1, 2)], ["in", Uint8Array.of(3)]]);
});
