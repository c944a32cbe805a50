import assert from "node:assert/strict";
import {
  type Direction,
  replay,
  ReplayMismatchError,
  type Transcript,
  TransportError,
} from "../../transport/mod.ts";

function transcript(...entries: [Direction, ...number[]][]): Transcript {
  return {
    entries: entries.map(([direction, ...bytes]) => ({
      atMs: 0,
      direction,
      bytes: Uint8Array.from(bytes),
    })),
    truncated: false,
  };
}

const dialogue = transcript(["out", 1, 2], ["in", 10, 11], ["out", 3], ["in", 12]);

Deno.test("replay() answers once what was written before has been written", async () => {
  const stream = replay(dialogue);
  const into = new Uint8Array(10);
  const first = stream.read(into);
  let settled = false;
  first.then(() => settled = true);
  await stream.write([Uint8Array.of(1)]);
  await Promise.resolve();
  assert.equal(settled, false);
  await stream.write([Uint8Array.of(2)]);
  assert.equal(await first, 2);
  assert.deepEqual([...into.subarray(0, 2)], [10, 11]);
  await stream.write([Uint8Array.of(3)]);
  assert.equal(await stream.read(into), 1);
  assert.equal(await stream.read(into), null);
});

Deno.test("replay() takes writes ahead of the reads and in other pieces", async () => {
  const stream = replay(dialogue);
  await stream.write([Uint8Array.of(1), Uint8Array.of(2, 3)]);
  const into = new Uint8Array(1);
  const read = [];
  while (await stream.read(into) !== null) read.push(into[0]);
  assert.deepEqual(read, [10, 11, 12]);
});

Deno.test("replay() rejects a write that differs, the pending read, and reads from then on", async () => {
  const stream = replay(dialogue);
  const pending = assert.rejects(stream.read(new Uint8Array(1)), ReplayMismatchError);
  await assert.rejects(stream.write([Uint8Array.of(1, 9)]), (error) => {
    assert.ok(error instanceof ReplayMismatchError && error instanceof TransportError);
    assert.equal(error.offset, 1);
    assert.match(error.message, /09h was written where the transcript has 02h/);
    return true;
  });
  await pending;
  await assert.rejects(stream.read(new Uint8Array(1)), ReplayMismatchError);
});

Deno.test("replay() rejects a write beyond the transcript", async () => {
  const stream = replay(transcript(["out", 1]));
  await assert.rejects(stream.write([Uint8Array.of(1, 2)]), /beyond the end of the transcript/);
});

Deno.test("replay() waits at its end for what is still to be written", async () => {
  const stream = replay(transcript(["in", 9], ["out", 1]));
  assert.equal(await stream.read(new Uint8Array(1)), 1);
  const end = stream.read(new Uint8Array(1));
  await stream.write([Uint8Array.of(1)]);
  assert.equal(await end, null);
});

Deno.test("replay() ends when it is closed", async () => {
  const stream = replay(dialogue);
  const pending = stream.read(new Uint8Array(1));
  stream.close();
  stream.close();
  assert.equal(await pending, null);
  assert.equal(await stream.read(new Uint8Array(1)), null);
  await assert.rejects(
    stream.write([Uint8Array.of(1)]),
    (error) => error instanceof TransportError && error.reason === "closed",
  );
});
