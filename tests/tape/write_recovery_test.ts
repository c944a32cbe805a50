/** Where the tape stands after a write without an answer, asked of the drive itself, with nothing of the driver around. */

import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { testUnitReadyCdb } from "../../scsi/cdb.ts";
import { encodeSense } from "../../scsi/sense.ts";
import { locateCdbs, LocateDestination, spaceCdb, SpaceCode } from "../../tape/commands.ts";
import { PositionLostError, TransportLostError } from "../../tape/errors.ts";
import type { Outage } from "../../tape/outage.ts";
import { TapeSession } from "../../tape/tape_session.ts";
import { type Verification, WriteRecovery } from "../../tape/write_recovery.ts";
import { lost } from "./cut_unit.ts";
import { numbered } from "./drive_setup.ts";
import { check, UNKNOWN_COMMAND } from "./scripted.ts";
import { SimUnit } from "./sim_unit.ts";

const [READ, SPACE, READ_POSITION, LOCATE_10, LOCATE_16] = [0x08, 0x11, 0x34, 0x2b, 0x92];
const CAUSE = new Error("no answer");

interface Place {
  /** Objects on the tape; `|` stands for a filemark. */
  readonly tape?: string;
  /** What the drive is proven to call the place behind everything known to be written; `undefined` for no proof. */
  readonly here?: number;
  /** The object that the tape stands before. */
  readonly at?: number;
}

/** A drive, and what is known of it; the connection stands, unless a test says otherwise. */
async function setUp({ tape = "1 2 3 4 5 6", here, at = 0 }: Place) {
  const unit = new SimUnit();
  const [partition] = unit.drive.medium!.partitions;
  for (const object of tape.split(" ")) {
    if (object === "|") partition.appendFilemarks(1);
    else partition.appendRecord(numbered(Number(object)));
  }
  const sleep = () => Promise.resolve();
  const session = new TapeSession(unit, { logger: getLogger("test"), timeouts: {}, sleep });
  const place = { number: at, destination: LocateDestination.Object };
  // A new initiator is told of a reset first.
  await session.device.attempt({ cdb: testUnitReadyCdb() });
  await session.device.perform({ cdb: locateCdbs(place)[0] });
  if (here !== undefined) session.proof.arrive(here);
  unit.drive.clearCommands();
  const overcome: (AbortSignal | undefined)[] = [];
  const outage = {
    isHere: false,
    isRecovering: true,
    hasGivenUp: false,
    overcome(signal?: AbortSignal) {
      overcome.push(signal);
      return Promise.resolve();
    },
  };
  const recovery = new WriteRecovery(session, outage as unknown as Outage);
  const stands = () => unit.drive.position!.object;
  return { unit, session, recovery, outage, overcome, stands };
}

const isLost = (error: unknown) => error instanceof PositionLostError;
const isLostBecause = (error: unknown) => isLost(error) && (error as Error).cause === CAUSE;

Deno.test("lost answers can be made up for with proven numbers and a connection that may come back", async () => {
  const { recovery, outage } = await setUp({ here: 3 });
  assert.ok(recovery.isPossible && recovery.isWanted);
  outage.hasGivenUp = true;
  assert.ok(!recovery.isPossible && recovery.isWanted);
  outage.hasGivenUp = false;
  outage.isRecovering = false;
  assert.ok(!recovery.isPossible && !recovery.isWanted);
  const unproven = await setUp({});
  assert.ok(!unproven.recovery.isPossible && unproven.recovery.isWanted);
});

for (const objects of [0, 1, 2]) {
  Deno.test(`goBack() goes back over as many objects as the drive stands further: ${objects}`, async () => {
    const { unit, recovery, stands, overcome } = await setUp({ here: 3, at: 3 + objects });
    await recovery.goBack(2);
    assert.equal(stands(), 3);
    assert.equal(unit.opcodes().includes(SPACE), objects > 0);
    assert.deepEqual(overcome, []);
  });
}

const ASTRAY: Readonly<Record<string, Place>> = {
  "further on than anything can have been written": { here: 3, at: 6 },
  "before what is known to be written": { here: 3, at: 2 },
  "at the beginning, as one that has rewound itself": { here: 0, at: 0 },
  "where its numbers are not proven": { at: 3 },
};

for (const [where, place] of Object.entries(ASTRAY)) {
  Deno.test(`a drive that stands ${where} is not moved, and proves nothing`, async () => {
    const { unit, recovery } = await setUp(place);
    await assert.rejects(recovery.goBack(2), isLost);
    await assert.rejects(recovery.objectsWritten(2, CAUSE), isLostBecause);
    assert.ok(unit.opcodes().every((opcode) => opcode === READ_POSITION));
  });
}

Deno.test("a drive that says no number proves nothing", async () => {
  const { unit, recovery } = await setUp({ here: 3, at: 4 });
  unit.intercept = (command) => Promise.resolve(UNKNOWN_COMMAND(command));
  await assert.rejects(recovery.goBack(2), isLost);
  await assert.rejects(recovery.objectsWritten(2, CAUSE), isLostBecause);
});

Deno.test("goBack() does not go over a filemark", async () => {
  const { recovery } = await setUp({ tape: "1 2 3 | 5", here: 3, at: 5 });
  await assert.rejects(recovery.goBack(2), isLost);
});

Deno.test("goBack() is not done where the drive did not come to stand in the end", async () => {
  const { unit, recovery } = await setUp({ here: 3, at: 5 });
  unit.intercept = ({ cdb }) =>
    cdb[0] === SPACE
      ? Promise.resolve({ status: 0, sense: new Uint8Array(0), dataInLength: 0, residual: 0 })
      : undefined;
  await assert.rejects(recovery.goBack(2), isLost);
});

Deno.test("a lost connection is set up again first, with the caller's signal", async () => {
  const { recovery, outage, overcome } = await setUp({ here: 3, at: 4 });
  outage.isHere = true;
  const { signal } = new AbortController();
  assert.equal(await recovery.objectsWritten(1, CAUSE, signal), 1);
  await recovery.goBack(1);
  assert.deepEqual(overcome, [signal, undefined]);
});

for (const objects of [0, 1, 2]) {
  Deno.test(`objectsWritten() tells how far the drive stands beyond what is known: ${objects}`, async () => {
    const { recovery, stands, overcome } = await setUp({ here: 3, at: 3 + objects });
    assert.equal(await recovery.objectsWritten(2, CAUSE), objects);
    assert.equal(stands(), 3 + objects);
    assert.deepEqual(overcome, []);
  });
}

Deno.test("filemarks are looked for over as many lost connections as are allowed, and no more", async () => {
  for (const [attempts, failures, isFound] of [[2, 1, true], [2, 2, false], [0, 0, false]]) {
    const { recovery, outage } = await setUp({ here: 3, at: 4 });
    outage.isHere = true;
    let tries = 0;
    outage.overcome = () => {
      return tries++ < Number(failures)
        ? Promise.reject(new TransportLostError("again"))
        : Promise.resolve();
    };
    const looking = recovery.marksWritten(1, CAUSE, Number(attempts));
    if (isFound) assert.equal(await looking, 1);
    else await assert.rejects(looking, (error) => error === CAUSE);
    assert.equal(tries, attempts);
  }
});

Deno.test("what else fails while filemarks are looked for is told at once", async () => {
  for (
    const [error, hasGivenUp] of [[new RangeError(), false], [new TransportLostError(""), true]]
  ) {
    const { recovery, outage } = await setUp({ here: 3, at: 4 });
    outage.isHere = true;
    let tries = 0;
    outage.overcome = () => {
      tries++;
      outage.hasGivenUp = Boolean(hasGivenUp);
      return Promise.reject(error);
    };
    await assert.rejects(recovery.marksWritten(1, CAUSE, 3), (thrown) => thrown === error);
    assert.equal(tries, 1);
  }
});

const FOUND: Verification = {
  objects: 2,
  before: 1,
  behind: 1,
  isBehindMark: false,
  cause: CAUSE,
};
const NONE_FOUND: Verification = { ...FOUND, objects: 0, before: 0 };

Deno.test("verify() reads what was written without an answer, and what stands before it, and stands behind them", async () => {
  const { recovery, stands } = await setUp({ here: 4, at: 6 });
  await recovery.verify([4, 5, 6].map((number) => numbered(number)), FOUND);
  assert.equal(stands(), 6);
});

Deno.test("verify() takes nothing else for what was written", async () => {
  const wrong = [
    [numbered(9), numbered(5), numbered(6)],
    [numbered(4), numbered(5), numbered(9)],
    [numbered(4), numbered(6)],
    [numbered(4), numbered(5)],
    [numbered(4), numbered(5), numbered(6, 99)],
    [numbered(4), numbered(5), numbered(6, 101)],
    [numbered(4), numbered(5), Uint8Array.from(numbered(6), (byte, at) => at < 99 ? byte : 0)],
  ];
  for (const [at, records] of wrong.entries()) {
    const { recovery } = await setUp({ here: 4, at: 6 });
    await assert.rejects(recovery.verify(records, FOUND), isLostBecause, `case ${at}`);
  }
});

Deno.test("verify() takes no filemark for a record, and no other place for the right one", async () => {
  const records = [4, 5, 6].map((number) => numbered(number));
  const marked = await setUp({ tape: "1 2 3 4 | 6", here: 4, at: 6 });
  await assert.rejects(marked.recovery.verify(records, FOUND), isLostBecause);
  const elsewhere = await setUp({ here: 4, at: 5 });
  await assert.rejects(elsewhere.recovery.verify(records, FOUND), isLostBecause);
});

Deno.test("verify() passes over a warning of the end of the tape, not over an error", async () => {
  const warning = { key: 0, asc: 0, ascq: 2, endOfMedium: true };
  const error = { key: 3, asc: 0x11, ascq: 0 };
  for (const sense of [warning, error]) {
    const { unit, recovery } = await setUp({ here: 4, at: 6 });
    const execute = unit.execute.bind(unit);
    unit.execute = async (command) => {
      const result = await execute(command);
      if (command.cdb[0] !== READ) return result;
      return { ...result, status: 2, sense: encodeSense(sense) };
    };
    const verifying = recovery.verify([4, 5, 6].map((number) => numbered(number)), FOUND);
    if (sense === warning) await verifying;
    else await assert.rejects(verifying, isLostBecause);
  }
});

Deno.test("with nothing written and nothing to compare, only what may have been written elsewhere counts", async () => {
  const alone = await setUp({ here: 4, at: 4 });
  await alone.recovery.verify([], { ...NONE_FOUND, behind: 0 });
  assert.deepEqual(alone.unit.opcodes(), []);
  const first = await setUp({ tape: "1", here: 1, at: 1 });
  await first.recovery.verify([], { ...NONE_FOUND, behind: 0 });
  for (const [behind, isNear] of [[1, false], [2, false], [3, true], [4, true]] as const) {
    const { recovery } = await setUp({ here: 4, at: 4 });
    const verifying = recovery.verify([], { ...NONE_FOUND, behind });
    if (isNear) await assert.rejects(verifying, isLostBecause);
    else await verifying;
  }
});

Deno.test("behind a filemark that was answered last, one has to be found there", async () => {
  const verification = { ...NONE_FOUND, isBehindMark: true };
  const right = await setUp({ tape: "1 2 3 |", here: 4, at: 4 });
  await right.recovery.verify([], verification);
  assert.equal(right.stands(), 4);
  for (const tape of ["1 2 3 4", "1 2 | 4", "| 2 3 4"]) {
    const { recovery } = await setUp({ tape, here: 4, at: 4 });
    await assert.rejects(recovery.verify([], verification), isLostBecause, tape);
  }
});

Deno.test("a record is no filemark, though the drive calls going back over it a filemark", async () => {
  const { unit, recovery } = await setUp({ tape: "1 2 3 4", here: 4, at: 4 });
  const execute = unit.execute.bind(unit);
  unit.execute = (command) => {
    const isSpace = command.cdb[0] === SPACE;
    return execute(isSpace ? { cdb: spaceCdb(SpaceCode.Blocks, -1) } : command);
  };
  const verifying = recovery.verify([], { ...NONE_FOUND, isBehindMark: true });
  await assert.rejects(verifying, isLostBecause);
});

Deno.test("verify() compares blocks, too, one or several at a time", async () => {
  const blocks = (...numbers: number[]) =>
    Uint8Array.from({ length: 100 * numbers.length }, (_, at) => numbers[Math.floor(at / 100)]);
  for (const [last, isThere] of [[6, true], [9, false]] as const) {
    const { session, recovery, stands } = await setUp({ here: 4, at: 6 });
    await session.mode.set(100);
    const verifying = recovery.verify([blocks(4), blocks(5, last)], FOUND);
    if (isThere) await verifying;
    else await assert.rejects(verifying, isLostBecause);
    assert.equal(stands(), 6);
  }
});

Deno.test("verify() takes nothing that did not come for zeros", async () => {
  const { unit, recovery } = await setUp({ tape: "1 2 3 4 0 0", here: 4, at: 6 });
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const result = await execute(command);
    return command.cdb[0] === READ ? { ...result, dataInLength: 99 } : result;
  };
  const records = [numbered(0), numbered(0)];
  await assert.rejects(recovery.verify(records, { ...FOUND, before: 0 }), isLostBecause);
});

/** A drive on whose tape so many objects are durable. */
async function durable(number: number | undefined, { count = 4, at = 0 } = {}) {
  const setup = await setUp({ here: number, at });
  const { ledger, proof } = setup.session;
  for (let write = 0; write < count; write++) ledger.confirm(ledger.take());
  ledger.wroteIn(proof.run);
  ledger.synchronize(proof.run, { number });
  return setup;
}

Deno.test("what was durable still is where the drive finds its end again, beyond the reach of what strayed", async () => {
  for (const [strayed, holds] of [[1, true], [2, true], [3, false], [9, false]] as const) {
    const { recovery } = await durable(4);
    assert.equal(await recovery.stillHoldsDurable(strayed), holds, `${strayed} strayed`);
  }
});

Deno.test("nothing durable is held by any tape, and by none what has no number", async () => {
  const nothing = await durable(0, { count: 0 });
  assert.ok(await nothing.recovery.stillHoldsDurable(9));
  const unknown = await durable(undefined);
  assert.ok(!await unknown.recovery.stillHoldsDurable(1));
  assert.deepEqual([...nothing.unit.opcodes(), ...unknown.unit.opcodes()], []);
});

Deno.test("what was durable is not held by a tape that ends before it", async () => {
  const { recovery } = await durable(9);
  assert.ok(!await recovery.stillHoldsDurable(1));
});

Deno.test("the shorter LOCATE serves where the longer is not known, and without either nothing is proven", async () => {
  for (const known of [[LOCATE_10], []]) {
    const { unit, recovery } = await durable(4);
    unit.intercept = (command) => {
      const [opcode] = command.cdb;
      const isLocate = opcode === LOCATE_10 || opcode === LOCATE_16;
      if (!isLocate || known.includes(opcode)) return undefined;
      return Promise.resolve(UNKNOWN_COMMAND(command));
    };
    assert.equal(await recovery.stillHoldsDurable(1), known.length > 0);
  }
});

Deno.test("a LOCATE that fails, has no answer or ends elsewhere proves nothing", async () => {
  for (const opcode of [LOCATE_16, READ_POSITION]) {
    const unanswered = await durable(4);
    unanswered.unit.intercept = ({ cdb }) =>
      cdb[0] === opcode ? Promise.reject(lost("unknown")) : undefined;
    assert.ok(!await unanswered.recovery.stillHoldsDurable(1));
  }
  const failed = await durable(4, { at: 4 });
  failed.unit.intercept = (command) =>
    command.cdb[0] === LOCATE_16
      ? Promise.resolve(check({ key: 3, asc: 0x15, ascq: 2 })(command))
      : undefined;
  assert.ok(!await failed.recovery.stillHoldsDurable(1));
  const astray = await durable(4);
  astray.unit.intercept = ({ cdb }) =>
    cdb[0] === LOCATE_16
      ? Promise.resolve({ status: 0, sense: new Uint8Array(0), dataInLength: 0, residual: 0 })
      : undefined;
  assert.ok(!await astray.recovery.stillHoldsDurable(1));
});

Deno.test("a drive that knows no READ POSITION proves nothing by a LOCATE", async () => {
  const { unit, recovery } = await durable(4);
  unit.intercept = (command) =>
    command.cdb[0] === READ_POSITION ? Promise.resolve(UNKNOWN_COMMAND(command)) : undefined;
  assert.ok(!await recovery.stillHoldsDurable(1));
});

Deno.test("an error that is no answer of the drive is none about the tape", async () => {
  const { unit, recovery } = await durable(4);
  const mistake = new RangeError("ours");
  unit.intercept = () => Promise.reject(mistake);
  await assert.rejects(recovery.stillHoldsDurable(1), (error) => error === mistake);
});

Deno.test("the error of a lost place tells how much was written before it, as far as that is known", async () => {
  const counted = await setUp({ here: 3, at: 6 });
  counted.session.count.setBeginning();
  counted.session.count.passRecords(3);
  await assert.rejects(counted.recovery.goBack(1), /; 3 objects were written before; rewind/);
  const unknown = await setUp({ here: 3, at: 6 });
  await assert.rejects(unknown.recovery.goBack(1), /prove what was written; rewind/);
});
