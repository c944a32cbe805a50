import assert from "node:assert/strict";
import { WriteLedger } from "../../tape/write_ledger.ts";

/** A ledger of so many writes that are written, in this run of the tape. */
function written(count: number, run = 1): WriteLedger {
  const ledger = new WriteLedger();
  for (let number = 0; number < count; number++) write(ledger, run);
  return ledger;
}

function write(ledger: WriteLedger, run: number): void {
  const number = ledger.take();
  ledger.wroteIn(run);
  ledger.confirm(number);
}

/** All that an outcome counts. */
function counts(ledger: WriteLedger, mayBeLost = false) {
  const { durable, written, isCertain } = ledger.outcome(mayBeLost);
  return [durable, written, isCertain];
}

Deno.test("writes are numbered from 0, taken or written", () => {
  const ledger = new WriteLedger();
  assert.deepEqual([ledger.take(), ledger.take(), ledger.next], [0, 1, 2]);
  assert.deepEqual(counts(ledger), [0, 0, true]);
  ledger.confirm(1);
  assert.deepEqual(counts(ledger), [0, 2, true]);
});

Deno.test("an outcome says what is known of it, and else that nothing is held, misplaced or in place", () => {
  const ledger = written(3);
  const unwritten = [{ number: 2, data: new Uint8Array(1) }];
  assert.deepEqual(ledger.outcome(false), {
    durable: 0,
    written: 3,
    isCertain: true,
    isInPlace: false,
    unwritten: [],
    misplaced: [],
  });
  const details = { unwritten, misplaced: [2], isInPlace: true };
  assert.deepEqual(ledger.outcome(false, details), {
    durable: 0,
    written: 3,
    isCertain: true,
    ...details,
  });
});

Deno.test("what was synchronized in the run of the last write is durable up to where the tape stands", () => {
  const ledger = written(3);
  ledger.synchronize(1, { object: 4, number: 7 });
  assert.equal(ledger.durableNumber, 7);
  assert.equal(ledger.outcome(false).durableObject, 4);
  assert.deepEqual(counts(ledger), [3, 3, true]);
});

Deno.test("what was synchronized elsewhere is durable, but nobody knows up to where", () => {
  const ledger = written(3);
  ledger.synchronize(1, { object: 4, number: 7 });
  write(ledger, 1);
  ledger.synchronize(2, { object: 0, number: 1 });
  assert.equal(ledger.durableNumber, undefined);
  assert.ok(!("durableObject" in ledger.outcome(false)));
  assert.deepEqual(counts(ledger), [4, 4, true]);
});

Deno.test("a motion behind what is durable does not change how far that reaches", () => {
  const ledger = written(3);
  ledger.synchronize(1, { object: 4, number: 7 });
  ledger.synchronize(2, { object: 0, number: 1 });
  assert.deepEqual([ledger.durableNumber, ledger.outcome(false).durableObject], [7, 4]);
});

Deno.test("filemarks behind the last write reach further, and so does what is durable", () => {
  const ledger = written(3);
  ledger.synchronize(1, { object: 4, number: 7 });
  ledger.synchronize(1, { object: 5, number: 8 });
  assert.deepEqual([ledger.durableNumber, ledger.outcome(false).durableObject], [8, 5]);
});

Deno.test("with the buffer goes all that was not durable, for this outcome alone", () => {
  const ledger = written(2);
  ledger.synchronize(1, { object: 2 });
  write(ledger, 1);
  assert.deepEqual(counts(ledger, true), [2, 2, false]);
  assert.deepEqual(counts(ledger), [2, 3, true]);
});

Deno.test("a buffer that was given up stays so, and is uncertain until a write is confirmed", () => {
  const ledger = written(2);
  ledger.synchronize(1, { object: 2 });
  write(ledger, 1);
  assert.deepEqual(ledger.giveUpBuffer(), ledger.outcome(true));
  assert.deepEqual(counts(ledger), [2, 2, false]);
  write(ledger, 2);
  assert.deepEqual(counts(ledger), [2, 4, true]);
});

Deno.test("nothing is relied on where something was written that nobody knows the place of", () => {
  const ledger = written(2);
  ledger.synchronize(1, { object: 2, number: 9 });
  ledger.distrust();
  assert.equal(ledger.durableNumber, 0);
  assert.ok(!("durableObject" in ledger.outcome(false)));
  assert.deepEqual(counts(ledger), [0, 0, true]);
  write(ledger, 2);
  ledger.synchronize(3, {});
  assert.equal(ledger.durableNumber, undefined);
});

Deno.test("before anything was written everything is durable up to the drive's number 0", () => {
  assert.equal(new WriteLedger().durableNumber, 0);
});
