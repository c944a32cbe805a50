import assert from "node:assert/strict";
import { HeldReader } from "../../transport/held_reader.ts";

/** A reader on a source that counts how often it was resumed. */
function attached() {
  const reader = new HeldReader();
  const source = { resumed: 0, pause: () => {}, resume: () => source.resumed++ };
  reader.attach(source);
  return { reader, source };
}

Deno.test("HeldReader fills the pending read and lets the source push on", async () => {
  const { reader, source } = attached();
  const into = new Uint8Array(4);
  const reading = reader.read(into);
  assert.equal(reader.push(Uint8Array.of(1, 2)), true);
  assert.equal(await reading, 2);
  assert.deepEqual([...into], [1, 2, 0, 0]);
  assert.equal(source.resumed, 0);
});

Deno.test("HeldReader holds what nobody reads and resumes the source once it is read", async () => {
  const { reader, source } = attached();
  assert.equal(reader.push(Uint8Array.of(1, 2, 3)), false);
  const into = new Uint8Array(2);
  assert.equal(await reader.read(into), 2);
  assert.equal(source.resumed, 0);
  assert.equal(await reader.read(into), 1);
  assert.equal(source.resumed, 1);
  assert.equal(into[0], 3);
});

Deno.test("HeldReader holds what does not fit the pending read", async () => {
  const { reader } = attached();
  const reading = reader.read(new Uint8Array(1));
  assert.equal(reader.push(Uint8Array.of(1, 2)), false);
  assert.equal(await reading, 1);
  const into = new Uint8Array(9);
  assert.equal(await reader.read(into), 1);
  assert.equal(into[0], 2);
});

Deno.test("HeldReader keeps the order of what a source pushes that does not heed the pause at once", async () => {
  const { reader, source } = attached();
  const reading = reader.read(new Uint8Array(1));
  for (const bytes of [[1, 2], [3], [4, 5, 6]]) {
    assert.equal(reader.push(Uint8Array.from(bytes)), false);
  }
  assert.equal(await reading, 1);
  const into = new Uint8Array(2);
  const got: number[] = [];
  for (const resumed of [0, 0, 0, 1]) {
    got.push(...into.subarray(0, await reader.read(into) ?? 0));
    assert.equal(source.resumed, resumed);
  }
  assert.deepEqual(got, [2, 3, 4, 5, 6]);
});

Deno.test("HeldReader copies in the way that it is handed", async () => {
  const copied: number[][] = [];
  const reader = new HeldReader((from, start, end, into) => {
    copied.push([start, end]);
    into.set(from.subarray(start, end));
  });
  reader.push(Uint8Array.of(1, 2, 3));
  const into = new Uint8Array(2);
  assert.equal(await reader.read(into), 2);
  assert.equal(await reader.read(into), 1);
  assert.deepEqual([...into], [3, 2]);
  assert.deepEqual(copied, [[0, 2], [2, 3]]);
});

Deno.test("HeldReader gives what it holds before an end or a failure", async () => {
  const failure = new Error("broken");
  for (const broken of [false, true]) {
    const { reader } = attached();
    reader.push(Uint8Array.of(1));
    if (broken) reader.fail(failure);
    else reader.end();
    assert.equal(await reader.read(new Uint8Array(9)), 1);
    const after = reader.read(new Uint8Array(9));
    if (broken) await assert.rejects(after, failure);
    else assert.equal(await after, null);
  }
});

Deno.test("HeldReader settles the pending read at an end, a failure and a discard", async () => {
  const ended = attached().reader;
  const atEnd = ended.read(new Uint8Array(1));
  ended.end();
  assert.equal(await atEnd, null);

  const failed = attached().reader;
  const failure = new Error("broken");
  const atFailure = failed.read(new Uint8Array(1));
  failed.fail(failure);
  await assert.rejects(atFailure, failure);

  const discarded = attached().reader;
  const atDiscard = discarded.read(new Uint8Array(1));
  discarded.discard();
  assert.equal(await atDiscard, null);
});

Deno.test("HeldReader keeps nothing after a discard", async () => {
  const { reader } = attached();
  reader.push(Uint8Array.of(1));
  reader.discard();
  assert.equal(reader.push(Uint8Array.of(2)), true);
  assert.equal(await reader.read(new Uint8Array(1)), null);
});

Deno.test("HeldReader ignores a failure behind the end", async () => {
  const { reader } = attached();
  reader.end();
  reader.fail(new Error("broken"));
  assert.equal(await reader.read(new Uint8Array(1)), null);
});
