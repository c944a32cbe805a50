/**
 * What a drive says once, to whichever command comes next: it reaches the caller also when that command was one of the driver's own.
 */

import assert from "node:assert/strict";
import { ServiceDeliveryError } from "../../scsi/errors.ts";
import {
  DeferredError,
  MediumChangedError,
  ResetError,
  type TapeError,
} from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, fill, numbered, openSim, type Setup } from "./drive_setup.ts";
import type { SimUnit } from "./sim_unit.ts";

const [TEST_UNIT_READY, READ, MODE_SENSE, READ_POSITION, LOCATE] = [0x00, 0x08, 0x1a, 0x34, 0x92];
const SECURITY_PROTOCOL_IN = 0xa2;

const NEWS = [
  [{ key: 6, asc: 0x29, ascq: 3 }, ResetError],
  [{ key: 6, asc: 0x28, ascq: 0 }, MediumChangedError],
  [{ key: 3, asc: 0x0c, ascq: 0, deferred: true }, DeferredError],
] as const;

async function openFilled(options: TapeDriveOptions): Promise<Setup> {
  const setup = await openSim({}, options);
  await fill(setup.drive, Array.from({ length: 40 }, (_, i) => numbered(i)));
  return setup;
}

/** Reads until it fails; every record before must be the next one. */
async function readUntilError(drive: TapeDrive, first = 0): Promise<TapeError> {
  for (let i = first;; i++) {
    let result;
    try {
      result = await drive.read();
    } catch (error) {
      return error as TapeError;
    }
    assert.ok(result.kind === "record" && result.data[0] === i, `record ${i}`);
  }
}

async function assertNothingWritten({ unit, drive }: Setup): Promise<void> {
  await assert.rejects(drive.write(numbered(99)), { kind: "position-lost" });
  assert.equal(unit.drive.objects().length, 40);
  await drive.close();
}

for (const [sense, type] of NEWS) {
  Deno.test(`${type.name} that comes to a question for the position behind reads stands in their order`, async () => {
    for (const occurrence of [1, 2]) {
      const setup = await openFilled({ readAhead: 8 });
      setup.unit.drive.inject({ opcode: READ_POSITION, occurrence, sense });
      assert.ok(await readUntilError(setup.drive) instanceof type);
      await assertNothingWritten(setup);
    }
  });

  Deno.test(`${type.name} that comes to a LOCATE that was only tried is told, and loses the position`, async () => {
    for (const [opcode, occurrence] of [[LOCATE, 1], [READ, 1]] as const) {
      const setup = await openFilled({ readAhead: 8 });
      const { unit, drive } = setup;
      // From here the way back is not counted, so LOCATE has to prove itself.
      await drive.locate(5);
      let isLocated = false;
      unit.intercept = ({ cdb }) => {
        if (cdb[0] === LOCATE) isLocated = true;
        if (!isLocated || cdb[0] !== opcode) return undefined;
        unit.intercept = undefined;
        unit.drive.inject({ opcode, occurrence, sense });
        return undefined;
      };
      assert.ok(await readUntilError(drive, 5) instanceof type);
      await assertNothingWritten(setup);
    }
  });

  Deno.test(`${type.name} that comes to the question for the block size is told`, async () => {
    const setup = await openFilled({});
    const { unit, drive } = setup;
    await drive.read();
    unit.drive.inject({ opcode: READ, sense: { key: 6, asc: 0x29, ascq: 3 } });
    await assert.rejects(drive.read(), ResetError);
    unit.drive.inject({ opcode: MODE_SENSE, sense });
    await assert.rejects(drive.rewind(), type);
    await drive.rewind();
    assert.equal(contents(unit).split(" ").length, 40);
    await drive.close();
  });
}

Deno.test("load() takes another tape for granted, but not that what was written before is lost", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.write(numbered(1));
  unit.drive.inject({ opcode: TEST_UNIT_READY, sense: NEWS[2][0] });
  await assert.rejects(drive.load(), (error) => {
    assert.ok(error instanceof DeferredError);
    assert.equal(error.writes?.durable, 0);
    return true;
  });
  unit.drive.inject({ opcode: MODE_SENSE, sense: NEWS[1][0] });
  await drive.load();
  await drive.close();
});

Deno.test("what comes to the question whether the key is still there is told, also to who reads", async () => {
  for (const [sense, type] of NEWS) {
    const { unit, drive } = await openFilled({});
    await drive.encryption.set({ key: numbered(7, 32) });
    await drive.read();
    unit.drive.inject({ opcode: READ, sense: { key: 6, asc: 0x29, ascq: 3 } });
    await assert.rejects(drive.read(), ResetError);
    unit.drive.inject({ opcode: SECURITY_PROTOCOL_IN, sense });
    await assert.rejects(drive.read(), type);
    await drive.rewind();
    await drive.close();
  }
});

/** Injects once the drive has been ready after an outage, while its tape is watched for coming to rest. */
function injectWhileWatched(sim: SimUnit, sense: typeof NEWS[number][0]): void {
  let asked = 0;
  sim.intercept = ({ cdb }) => {
    if (cdb[0] === TEST_UNIT_READY && ++asked === 4) sim.drive.inject({ opcode: 0, sense });
    return undefined;
  };
}

Deno.test("what is said while the tape is watched after an outage is told", async () => {
  for (const [sense, type] of NEWS) {
    const unit = new CutUnit("exact");
    const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
    await drive.rewind();
    await drive.write(numbered(1));
    unit.nexusLost = true;
    unit.meanwhile = () => injectWhileWatched(unit.sim, sense);
    await assert.rejects(drive.write(numbered(2)), type);
    await drive.close();
  }
});

Deno.test("what a question for the position was told, and its answer was lost, is not passed over", async () => {
  for (const readAhead of [0, 8]) {
    const setup = await openFilled({ readAhead });
    const { unit, drive } = setup;
    await drive.locate(10);
    unit.drive.reset();
    unit.intercept = (command) => {
      if (command.cdb[0] !== READ_POSITION) return undefined;
      unit.intercept = undefined;
      return unit.execute(command).then(() => {
        throw new ServiceDeliveryError("no answer", { outcome: "unknown" });
      });
    };
    await assert.rejects(drive.read(), { kind: "transport-lost" });
    await assertNothingWritten(setup);
  }
});

for (const opcode of [READ_POSITION, MODE_SENSE]) {
  Deno.test(`what a question without an answer may have been told stops the writes behind it: ${opcode.toString(16)}h`, async () => {
    const unit = new CutUnit("exact", { bufferBytes: 10_000 });
    const sleep = () => Promise.resolve();
    const drive = await TapeDrive.open(unit, { sleep, writeBehind: 4 });
    await drive.rewind();
    const execute = unit.execute.bind(unit);
    unit.execute = async (command) => {
      if (command.cdb[0] !== opcode) return await execute(command);
      unit.execute = execute;
      unit.sim.drive.powerCycle();
      await execute(command);
      throw new ServiceDeliveryError("no answer", { outcome: "unknown" });
    };
    const writing = async () => {
      for (let number = 1; number <= 6; number++) await drive.write(numbered(number));
    };
    await assert.rejects(writing(), ({ writes }: TapeError) => writes?.durable === 0);
    assert.ok(unit.execute === execute, "it was asked");
    await assert.rejects(drive.write(numbered(9)), { kind: "position-lost" });
    assert.equal(contents(unit.sim), "");
    await drive.close();
  });
}
