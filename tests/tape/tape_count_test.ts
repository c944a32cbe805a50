import assert from "node:assert/strict";
import { TapeCount } from "../../tape/tape_count.ts";

/** A count behind a file of two records, and one record more. */
function counted(): TapeCount {
  const count = new TapeCount();
  count.setBeginning();
  count.passRecords(2);
  count.passFilemarks(1);
  count.passRecords(1);
  return count;
}

function known({ object, file, record, isAnchored }: TapeCount) {
  return [object, file, record, isAnchored];
}

const NOTHING = [undefined, undefined, undefined, false];

Deno.test("nothing is known before the beginning, and all from there on", () => {
  assert.deepEqual(known(new TapeCount()), NOTHING);
  assert.deepEqual(known(counted()), [4, 1, 1, true]);
});

Deno.test("what is not known stays so, whatever goes by", () => {
  const count = new TapeCount();
  count.passRecords(2);
  count.passObjects(1);
  assert.deepEqual(known(count), NOTHING);
});

Deno.test("records are counted backwards, too, and not to before where they began", () => {
  const count = counted();
  count.passRecords(-1);
  assert.deepEqual(known(count), [3, 1, 0, true]);
  count.passRecords(-1);
  assert.deepEqual(known(count), [2, 1, undefined, false]);
});

Deno.test("a count that falls below the beginning was wrong, and one that comes to it is right", () => {
  const count = new TapeCount();
  count.setBeginning();
  count.passRecords(1);
  count.passRecords(-1);
  assert.deepEqual(known(count), [0, 0, 0, true]);
  count.passRecords(-1);
  assert.deepEqual(known(count), [undefined, 0, undefined, false]);
});

Deno.test("objects of either kind leave only their number", () => {
  const count = counted();
  count.passObjects(3);
  assert.deepEqual(known(count), [7, undefined, undefined, false]);
});

Deno.test("objects that are counted back to the beginning lead to no file and no record", () => {
  const count = counted();
  count.passObjects(-3);
  assert.deepEqual(known(count), [1, undefined, undefined, false]);
  count.passObjects(-1);
  assert.deepEqual(known(count), [0, 0, 0, true]);
});

Deno.test("a filemark begins a file, and none begins none", () => {
  const count = counted();
  count.passFilemarks(0);
  assert.deepEqual(known(count), [4, 1, 1, true]);
  count.passFilemarks(2);
  assert.deepEqual(known(count), [6, 3, 0, true]);
  const unknown = new TapeCount();
  unknown.passFilemarks(1);
  assert.deepEqual(known(unknown), [undefined, undefined, 0, false]);
});

Deno.test("over filemarks and what lies between them objects are not counted", () => {
  const count = counted();
  count.spaceFilemarks(0);
  assert.deepEqual(known(count), [4, 1, 1, true]);
  count.spaceFilemarks(1);
  assert.deepEqual(known(count), [undefined, 2, 0, true]);
});

Deno.test("backwards over filemarks nothing is certain", () => {
  const count = counted();
  count.spaceFilemarksBack();
  assert.deepEqual(known(count), NOTHING);
});

Deno.test("a record that may have gone by leaves the file alone", () => {
  const count = counted();
  count.loseRecord();
  assert.deepEqual(known(count), [undefined, 1, undefined, false]);
  assert.ok(!count.isAnchored);
});

Deno.test("a snapshot brings back all that was known then, and nothing else", () => {
  const count = counted();
  const snapshot = count.snapshot();
  count.forget();
  assert.deepEqual(known(count), NOTHING);
  const nothing = count.snapshot();
  count.restore(snapshot);
  assert.deepEqual(known(count), [4, 1, 1, true]);
  count.restore(nothing);
  assert.deepEqual(known(count), NOTHING);
});
