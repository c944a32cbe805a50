/** What has to be certain after a lost connection before anything goes on. */

import assert from "node:assert/strict";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import {
  DeferredError,
  HardwareError,
  MediumChangedError,
  NotReadyError,
  PositionLostError,
  ResetError,
  type TapeError,
} from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit, lost } from "./cut_unit.ts";
import { contents, numbered } from "./drive_setup.ts";
import { UNKNOWN_COMMAND } from "./scripted.ts";

const [TEST_UNIT_READY, INQUIRY, REWIND, SPACE] = [0x00, 0x12, 0x01, 0x11];
const [WRITE, MODE_SELECT, LOAD_UNLOAD, READ_POSITION, READ_ATTRIBUTE] = [
  0x0a,
  0x15,
  0x1b,
  0x34,
  0x8c,
];
const SERIAL_NUMBER_PAGE = 0x80;

/** A drive behind so many records, whose connection is lost. */
async function cutOff(records: number, { isFlushed = false } = {}) {
  const unit = new CutUnit("exact", { bufferBytes: 10_000 });
  const sleeps: number[] = [];
  const sleep = (milliseconds: number) => {
    sleeps.push(milliseconds);
    return Promise.resolve();
  };
  const drive = await TapeDrive.open(unit, { sleep });
  await drive.rewind();
  for (let number = 1; number <= records; number++) await drive.write(numbered(number));
  if (isFlushed) await drive.flush();
  unit.nexusLost = true;
  sleeps.length = 0;
  return { unit, drive, sleeps };
}

/** Does something after each command that has been executed. */
function after(unit: CutUnit, act: (command: ScsiCommand) => unknown): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command: ScsiCommand): Promise<ScsiResult> => {
    const result = await execute(command);
    await act(command);
    return result;
  };
}

Deno.test("another drive that answers gets nothing, and the right one everything", async () => {
  const { unit, drive } = await cutOff(2);
  let isAnother = true;
  after(unit, ({ cdb, dataIn }) => {
    const isSerial = cdb[0] === INQUIRY && cdb[2] === SERIAL_NUMBER_PAGE;
    if (isAnother && isSerial) dataIn!.set(new TextEncoder().encode("X"), 4);
  });
  unit.sim.drive.clearCommands();
  for (const use of [() => drive.write(numbered(3)), () => drive.flush(), () => drive.read()]) {
    await assert.rejects(use(), (error: TapeError) => {
      return error.kind === "other" &&
        /another drive answers, with serial number X/.test(`${error}`);
    });
  }
  const moved = unit.sim.drive.commands.filter(({ cdb }) =>
    [0x01, 0x08, 0x0a, 0x10, 0x11].includes(cdb[0])
  );
  assert.equal(moved.length, 0, "nothing is read from it or written to it");
  isAnother = false;
  await drive.space("end-of-data");
  await drive.write(numbered(3));
  await drive.close();
  assert.equal(contents(unit.sim), "1 2 3");
});

for (const moves of [3, Infinity]) {
  Deno.test(`a tape that the old session still moves is waited for: ${moves} times`, async () => {
    const { unit, drive, sleeps } = await cutOff(3, { isFlushed: true });
    const { drive: sim } = unit.sim;
    let left = moves;
    unit.meanwhile = () =>
      after(unit, async ({ cdb }) => {
        if (cdb[0] !== TEST_UNIT_READY || left-- <= 0) return;
        const isBack = sim.position!.object > 0;
        const space = Uint8Array.of(SPACE, 0, 0, 0, 2, 0);
        await unit.sim.execute({ cdb: isBack ? Uint8Array.of(REWIND, 0, 0, 0, 0, 0) : space });
      });
    if (moves === Infinity) {
      await assert.rejects(drive.read(), (error: TapeError) => {
        return error.kind === "position-lost" && /moved by somebody else/.test(error.message);
      });
      assert.ok(sleeps.length >= 50, `${sleeps.length} looks`);
      left = 0;
      await drive.rewind();
    } else {
      assert.equal((await drive.read()).kind, "end-of-data");
      assert.ok(sleeps.length >= moves + 4, `${sleeps.length} looks`);
    }
    assert.ok(sleeps.every((milliseconds) => milliseconds === 100));
    await drive.close();
    assert.equal(contents(unit.sim), "1 2 3");
  });
}

Deno.test("the loss of the nexus, which every drive tells, is no loss of the buffer", async () => {
  const { unit, drive } = await cutOff(1);
  unit.sim.drive.raiseUnitAttention(0x29, 0x07);
  await drive.write(numbered(2));
  await drive.close();
  assert.equal(contents(unit.sim), "1 2");
});

for (const ascq of [0x01, 0x02, 0x03, 0x04]) {
  Deno.test(`a reset of the drive itself may have cost its buffer, wherever it stands: 29/0${ascq}`, async () => {
    const { unit, drive } = await cutOff(3);
    unit.sim.drive.raiseUnitAttention(0x29, ascq);
    await assert.rejects(drive.write(numbered(4)), (error: ResetError) => {
      return error instanceof ResetError && error.writes?.isCertain === false;
    });
    await assert.rejects(drive.write(numbered(4)), PositionLostError);
    await drive.rewind();
    // What was told is told once.
    unit.nexusLost = true;
    unit.sim.drive.raiseUnitAttention(0x29, ascq);
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
    await drive.close();
  });
}

Deno.test("a block size that the drive still has is not set again", async () => {
  const { unit, drive } = await cutOff(2, { isFlushed: true });
  unit.sim.drive.clearCommands();
  await drive.write(numbered(3));
  assert.equal(unit.sim.drive.commands.filter(({ cdb }) => cdb[0] === MODE_SELECT).length, 0);
  await drive.close();
  assert.equal(contents(unit.sim), "1 2 3");
});

Deno.test("what may have been a loss of power is not forgotten over an error of the next question", async () => {
  const { unit, drive } = await cutOff(3);
  unit.sim.drive.powerCycle();
  const sense = { key: 4, asc: 0x44, ascq: 0 };
  unit.meanwhile = () => unit.sim.drive.inject({ opcode: READ_POSITION, sense });
  await assert.rejects(drive.flush(), HardwareError);
  await assert.rejects(drive.flush(), ({ writes }: TapeError) => {
    return writes?.durable === 0 && !writes.isCertain;
  });
  assert.equal(contents(unit.sim), "");
  await drive.close().catch(() => {});
});

/** A drive that calls the first place by a number of its own, and has three records on tape and one in its buffer. */
async function lastBuffered(first: number) {
  const unit = new CutUnit("exact", { bufferBytes: 10_000 });
  after(unit, ({ cdb, dataIn }) => {
    // Long form: the number's last byte.
    if (cdb[0] === READ_POSITION) dataIn![15] += first;
  });
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  for (let number = 1; number <= 3; number++) await drive.write(numbered(number));
  await drive.flush();
  await drive.write(numbered(4));
  await drive.position();
  unit.nexusLost = true;
  return { unit, drive };
}

for (const first of [0, 1]) {
  Deno.test(`the loss of the last record alone is told, wherever the new connection gives no answer: counting from ${first}`, async () => {
    for (let unanswered = 0; unanswered <= 7; unanswered++) {
      const { unit, drive } = await lastBuffered(first);
      unit.sim.drive.loseBuffer();
      let questions = 0;
      after(unit, () => {
        if (++questions === unanswered) throw lost("unknown");
      });
      const isTold = ({ writes }: TapeError) => writes?.durable === 3 && !writes.isCertain;
      await assert.rejects(drive.flush(), isTold);
      // With that nothing is made sure of yet.
      if (unanswered > 0) await assert.rejects(drive.flush(), isTold);
      assert.equal(contents(unit.sim), "1 2 3");
      await drive.close().catch(() => {});
    }
  });
}

for (const [ascq, isTold] of [[0x07, false], [0x00, true]] as const) {
  Deno.test(`a drive that cannot say where it stands has ${isTold ? "perhaps lost its buffer" : "lost nothing"} when it tells of 29/0${ascq}`, async () => {
    const unit = new CutUnit("tgt");
    const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
    await drive.rewind();
    await drive.write(numbered(1));
    unit.nexusLost = true;
    unit.sim.drive.raiseUnitAttention(0x29, ascq);
    if (isTold) await assert.rejects(drive.flush(), ResetError);
    else await drive.flush();
    await drive.close();
    assert.equal(contents(unit.sim), "1");
  });
}

Deno.test("a tape that somebody has unloaded meanwhile is not loaded over it", async () => {
  const { unit, drive } = await cutOff(2, { isFlushed: true });
  unit.sim.drive.clearCommands();
  const sense = { key: 2, asc: 0x04, ascq: 0x02 };
  unit.sim.drive.inject({ opcode: TEST_UNIT_READY, times: 99, sense });
  await assert.rejects(drive.read(), NotReadyError);
  assert.equal(unit.sim.drive.commands.filter(({ cdb }) => cdb[0] === LOAD_UNLOAD).length, 0);
  await drive.close();
});

Deno.test("a reset before anything was written is none of what was written since", async () => {
  const unit = new CutUnit("tgt");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  unit.nexusLost = true;
  unit.sim.drive.raiseUnitAttention(0x29, 0x00);
  await drive.rewind();
  await drive.write(numbered(1));
  unit.nexusLost = true;
  await drive.flush();
  await drive.close();
  assert.equal(contents(unit.sim), "1");
});

Deno.test("a drive that knows no READ POSITION comes back all the same", async () => {
  const unit = new CutUnit("exact");
  unit.sim.intercept = (command) => {
    return command.cdb[0] === READ_POSITION ? Promise.resolve(UNKNOWN_COMMAND(command)) : undefined;
  };
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  for (let number = 1; number <= 2; number++) await drive.write(numbered(number));
  unit.nexusLost = true;
  await drive.flush();
  await drive.rewind();
  unit.nexusLost = true;
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(1) });
  await drive.close();
  assert.equal(contents(unit.sim), "1 2");
});

Deno.test("a loss that was told is not told again after another reset", async () => {
  const { unit, drive } = await cutOff(3);
  unit.sim.drive.raiseUnitAttention(0x29, 0x03);
  await assert.rejects(drive.flush(), ResetError);
  unit.nexusLost = true;
  unit.sim.drive.raiseUnitAttention(0x29, 0x03);
  await drive.rewind();
  await drive.close();
});

for (
  const [sense, type] of [
    [{ key: 6, asc: 0x29, ascq: 3 }, ResetError],
    [{ key: 3, asc: 0x0c, ascq: 0, deferred: true }, DeferredError],
    [{ key: 6, asc: 0x28, ascq: 0 }, MediumChangedError],
  ] as const
) {
  Deno.test(`a loss that was told as ${type.name} is not told again behind an outage with a reset`, async () => {
    for (const ascq of [0x00, 0x03]) {
      const { unit, drive } = await cutOff(3);
      unit.nexusLost = false;
      unit.sim.drive.inject({ opcode: WRITE, sense });
      await assert.rejects(drive.write(numbered(4)), type);
      unit.nexusLost = true;
      unit.sim.drive.raiseUnitAttention(0x29, ascq);
      await drive.rewind();
      await drive.close();
    }
  });
}

Deno.test("what an error may have lost, and has not, is still flushed when the drive is closed", async () => {
  const { unit, drive } = await cutOff(3);
  unit.nexusLost = false;
  unit.sim.drive.inject({ opcode: WRITE, sense: { key: 4, asc: 0x44, ascq: 0 } });
  await assert.rejects(drive.write(numbered(4)), HardwareError);
  unit.nexusLost = true;
  await assert.rejects(drive.close(), PositionLostError);
  unit.sim.drive.loseBuffer();
  assert.equal(contents(unit.sim), "1 2 3");
});

Deno.test("a deferred error is told, though the drive cannot say where it stands", async () => {
  const unit = new CutUnit("tgt");
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  await drive.write(numbered(1));
  unit.nexusLost = true;
  const sense = { key: 3, asc: 0x0c, ascq: 0, deferred: true };
  unit.sim.drive.inject({ opcode: TEST_UNIT_READY, sense });
  await assert.rejects(drive.flush(), ({ writes, kind }: TapeError) => {
    return kind === "deferred" && writes?.durable === 0 && !writes.isCertain;
  });
  await drive.close();
});

Deno.test("commands that were cleared are no loss of a buffer behind which the drive still stands", async () => {
  for (const ascq of [0x00, 0x01, 0x02, 0x03]) {
    const { unit, drive } = await cutOff(3);
    await drive.position();
    unit.nexusLost = true;
    unit.sim.drive.raiseUnitAttention(0x2f, ascq);
    await drive.write(numbered(4));
    await drive.close();
    assert.equal(contents(unit.sim), "1 2 3 4");
  }
});

Deno.test("a drive that had not told what it and its tape are called is not another one when it does", async () => {
  const unit = new CutUnit("exact", { medium: new MemoryMedium({ barcode: "AAA001L8" }) });
  let isSilent = true;
  unit.sim.intercept = (command) => {
    const { cdb } = command;
    const isName = cdb[0] === READ_ATTRIBUTE ||
      (cdb[0] === INQUIRY && cdb[2] === SERIAL_NUMBER_PAGE);
    return isSilent && isName ? Promise.resolve(UNKNOWN_COMMAND(command)) : undefined;
  };
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  await drive.write(numbered(1));
  isSilent = false;
  unit.nexusLost = true;
  await drive.write(numbered(2));
  await drive.close();
  assert.equal(contents(unit.sim), "1 2");
});
