import assert from "node:assert/strict";
import { BufferedWrites, standsBehind } from "../../tape/buffered_writes.ts";

/** A drive that has something in its buffer. */
function filled(): BufferedWrites {
  const buffer = new BufferedWrites();
  buffer.fill();
  return buffer;
}

Deno.test("a drive to which nothing was written can have lost nothing", () => {
  const buffer = new BufferedWrites();
  assert.deepEqual([buffer.isDirty, buffer.isBuffered], [false, false]);
  buffer.doubt(5);
  assert.equal(buffer.isDoubted, false);
});

Deno.test("what a motion has made the drive write out is not in doubt, and not flushed yet", () => {
  const buffer = filled();
  buffer.moved();
  buffer.doubt(5);
  assert.deepEqual([buffer.isDirty, buffer.isBuffered, buffer.isDoubted], [true, false, false]);
});

Deno.test("a doubt of what was told, or is on tape since, is none of what is written next", () => {
  const buffer = filled();
  buffer.doubt(undefined);
  buffer.empty();
  buffer.fill();
  assert.equal(buffer.isDoubted, false);
});

Deno.test("a second doubt does not do away with the first, which nothing has settled", () => {
  const buffer = filled();
  buffer.doubt(undefined);
  buffer.doubt(5);
  assert.equal(buffer.settle(5), false);
});

Deno.test("a doubt ends with the answer, whichever it is", () => {
  for (const here of [undefined, 4, 5, 6]) {
    const buffer = filled();
    buffer.doubt(5);
    assert.equal(buffer.settle(here), here !== undefined && here >= 5);
    assert.equal(buffer.isDoubted, false);
  }
});

Deno.test("a drive stands behind what was written only where both numbers are known", () => {
  assert.ok(standsBehind(0, 0));
  assert.ok(!standsBehind(0, undefined));
  assert.ok(!standsBehind(undefined, 0));
});
