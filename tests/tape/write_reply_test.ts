import assert from "node:assert/strict";
import { decodeSense, encodeSense } from "../../scsi/sense.ts";
import type { Condition } from "../../tape/conditions.ts";
import type { Reply } from "../../tape/device.ts";
import {
  HardwareError,
  MediumChangedError,
  PositionLostError,
  ReservationPreemptedError,
  ResetError,
  VolumeOverflowError,
  WriteProtectedError,
} from "../../tape/errors.ts";
import { WriteLedger } from "../../tape/write_ledger.ts";
import {
  isElsewhere,
  isUntold,
  isWritten,
  movedBy,
  noRoom,
  objectsLeft,
  withWrites,
} from "../../tape/write_reply.ts";
import type { PendingWrite } from "../../tape/write_window.ts";

const WARNINGS = ["early-warning", "programmable-early-warning"] as const;
const REFUSALS = ["medium-error", "volume-overflow", "busy", "write-protected"] as const;

/** The answer to a WRITE of four blocks. */
function reply(condition: Condition, residual = 0, information?: number): Reply {
  const sense = decodeSense(encodeSense({ key: 0, asc: 0, ascq: 2, information }));
  const cdb = new Uint8Array(6);
  return { cdb, status: 2, sense, condition, residual, dataInLength: 0, goodBefore: 0 };
}

function record(length: number) {
  return { objects: 1, data: new Uint8Array(length) };
}

const BLOCKS = { objects: 4, data: new Uint8Array(400) };

Deno.test("a write that is called good is written, unless the drive took less", () => {
  for (const [write, blockBytes] of [[record(400), 0], [BLOCKS, 100]] as const) {
    assert.equal(objectsLeft(reply("good"), write, blockBytes), 0);
    assert.equal(objectsLeft(reply("good", 1), write, blockBytes), write.objects);
    assert.equal(objectsLeft(reply("good", -1), write, blockBytes), 0);
  }
});

Deno.test("a write that is done, with something beside it, is written", () => {
  assert.equal(objectsLeft(reply("informational", 0, 400), record(400), 0), 0);
  assert.equal(objectsLeft(reply("informational", 0, 4), BLOCKS, 100), 0);
});

Deno.test("a write that is refused is not written", () => {
  for (const condition of REFUSALS) {
    assert.equal(objectsLeft(reply(condition), record(400), 0), 1);
    assert.equal(objectsLeft(reply(condition, 0, 1), BLOCKS, 100), 4);
  }
});

Deno.test("near the end of the tape a record is written whole, or not at all where its length is left", () => {
  for (const condition of WARNINGS) {
    assert.equal(objectsLeft(reply(condition), record(400), 0), 0);
    assert.equal(objectsLeft(reply(condition, 0, 0), record(400), 0), 0);
    assert.equal(objectsLeft(reply(condition, 0, 399), record(400), 0), 0);
    assert.equal(objectsLeft(reply(condition, 0, 400), record(400), 0), 1);
  }
});

Deno.test("near the end of the tape the blocks are left that INFORMATION or the residual says", () => {
  for (const condition of WARNINGS) {
    assert.equal(objectsLeft(reply(condition, 0, 0), BLOCKS, 100), 0);
    assert.equal(objectsLeft(reply(condition, 0, 3), BLOCKS, 100), 3);
    assert.equal(objectsLeft(reply(condition, 0, -3), BLOCKS, 100), 3);
    assert.equal(objectsLeft(reply(condition, 400, 3), BLOCKS, 100), 3);
    assert.equal(objectsLeft(reply(condition, 200), BLOCKS, 100), 2);
    assert.equal(objectsLeft(reply(condition, 201), BLOCKS, 100), 3);
    assert.equal(objectsLeft(reply(condition, 1), BLOCKS, 100), 1);
  }
});

Deno.test("near the end of the tape nobody knows which of several blocks are left when nothing says so", () => {
  for (const condition of WARNINGS) {
    assert.equal(objectsLeft(reply(condition), BLOCKS, 100), 4);
    assert.equal(objectsLeft(reply(condition), { ...BLOCKS, objects: 2 }, 200), 2);
    assert.equal(objectsLeft(reply(condition), record(100), 100), 0);
    assert.ok(isUntold(reply(condition)));
    assert.ok(isUntold(reply(condition, -1)));
    assert.ok(!isUntold(reply(condition, 1)));
    assert.ok(!isUntold(reply(condition, 0, 0)));
  }
  for (const condition of ["good", ...REFUSALS] as const) assert.ok(!isUntold(reply(condition)));
});

Deno.test("what an answer says to be written", () => {
  for (const condition of ["good", "informational", ...WARNINGS] as const) {
    assert.ok(isWritten(reply(condition)), condition);
  }
  for (const condition of REFUSALS) assert.ok(!isWritten(reply(condition)), condition);
  assert.ok(!isWritten(undefined));
});

Deno.test("a write can have brought to tape whatever it was not refused", () => {
  const most = (isSent: boolean, answer?: Reply) =>
    movedBy({ ...BLOCKS, isSent, reply: answer } as PendingWrite);
  assert.equal(most(false), 0);
  assert.equal(most(true), 4);
  for (const condition of ["good", "early-warning", "medium-error", "aborted-command"] as const) {
    assert.equal(most(true, reply(condition)), 4, condition);
  }
  for (const condition of ["busy", "attention", "write-protected"] as const) {
    assert.equal(most(true, reply(condition)), 0, condition);
  }
});

Deno.test("after a reset, another tape or another owner what followed may have been written elsewhere", () => {
  const elsewhere = [ResetError, MediumChangedError, ReservationPreemptedError, PositionLostError];
  for (const type of elsewhere) assert.ok(isElsewhere(new type("it")), type.name);
  for (const type of [HardwareError, WriteProtectedError]) {
    assert.ok(!isElsewhere(new type("it")), type.name);
  }
  assert.ok(!isElsewhere(new Error("it")));
});

Deno.test("a drive that takes no more at the end of the tape has a full tape", () => {
  const error = noRoom("it", {});
  assert.ok(error instanceof VolumeOverflowError);
  assert.match(error.message, /^Cannot write on it: the drive takes no more/);
});

Deno.test("the errors of the drive tell what became of the writes, and others stay as they are", () => {
  const writes = new WriteLedger().outcome(false);
  const error = new HardwareError("it");
  assert.equal(withWrites(error, writes), error);
  assert.equal(error.writes, writes);
  const other = Object.freeze(new Error("it"));
  assert.equal(withWrites(other, writes), other);
});
