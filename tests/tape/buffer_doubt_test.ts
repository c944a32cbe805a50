/** The question whether what was buffered is still there, after an answer that nobody heard; and what it is answered itself. */

import assert from "node:assert/strict";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import {
  DeferredError,
  MediumChangedError,
  PositionLostError,
  ResetError,
  type TapeError,
  TransportLostError,
} from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit, lost } from "./cut_unit.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import { check, UNKNOWN_COMMAND } from "./scripted.ts";
import type { SimUnit } from "./sim_unit.ts";

const [FILEMARKS, READ_POSITION] = [0x10, 0x34];
const KEY_CHANGED = check({ key: 6, asc: 0x2a, ascq: 0x11 });

/** A drive with four records in its buffer, of whose fate a flush that was called off may have been told. */
async function doubted(writeBehind: number): Promise<{ unit: SimUnit; drive: TapeDrive }> {
  const { unit, drive } = await openSim({ bufferBytes: 10_000 }, { writeBehind });
  await drive.rewind();
  for (let number = 1; number <= 4; number++) await drive.write(numbered(number));
  await drive.position();
  const caller = new AbortController();
  unit.intercept = ({ cdb }) => {
    if (cdb[0] !== FILEMARKS) return undefined;
    unit.intercept = undefined;
    caller.abort(new Error("enough"));
    return Promise.reject(caller.signal.reason);
  };
  await assert.rejects(drive.flush({ signal: caller.signal }), (error) => {
    return error === caller.signal.reason;
  });
  return { unit, drive };
}

/** What somebody does next. */
const USES: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  flush: (drive) => drive.flush(),
  write: (drive) => drive.write(numbered(5)),
  read: (drive) => drive.read(),
};

const NEWS = [
  [{ key: 6, asc: 0x29, ascq: 3 }, ResetError],
  [{ key: 6, asc: 0x28, ascq: 0 }, MediumChangedError],
  [{ key: 3, asc: 0x0c, ascq: 0, deferred: true }, DeferredError],
] as const;

for (const writeBehind of [0, 4]) {
  for (const [name, use] of Object.entries(USES)) {
    Deno.test(`a question for the buffer without an answer settles nothing: ${name}, write-behind ${writeBehind}`, async () => {
      const { unit, drive } = await doubted(writeBehind);
      unit.intercept = ({ cdb }: ScsiCommand) => {
        if (cdb[0] !== READ_POSITION) return undefined;
        unit.intercept = undefined;
        return Promise.reject(lost("unknown"));
      };
      await assert.rejects(use(drive), TransportLostError);
      await drive.flush();
      assert.equal(contents(unit), "1 2 3 4");
      await drive.close();
    });

    Deno.test(`a drive that knows no position proves nothing of its buffer, and the caller is told once: ${name}, write-behind ${writeBehind}`, async () => {
      const { unit, drive } = await doubted(writeBehind);
      unit.intercept = (command) => {
        return command.cdb[0] === READ_POSITION
          ? Promise.resolve(UNKNOWN_COMMAND(command))
          : undefined;
      };
      await assert.rejects(use(drive), (error: TapeError) => {
        return error instanceof PositionLostError && error.writes?.durable === 0;
      });
      await drive.close();
    });

    for (const [sense, type] of NEWS) {
      Deno.test(`what the question for the buffer is told reaches the caller, once: ${type.name}, ${name}, write-behind ${writeBehind}`, async () => {
        const { unit, drive } = await doubted(writeBehind);
        unit.drive.inject({ opcode: READ_POSITION, sense });
        await assert.rejects(use(drive), (error: TapeError) => {
          assert.ok(error instanceof type, String(error));
          return error.writes?.durable === 0 && !error.writes.isCertain;
        });
        await assert.rejects(drive.write(numbered(5)), PositionLostError);
        await drive.rewind();
        await drive.close();
      });
    }

    Deno.test(`with a buffer that a reset has cost goes no doubt into what is done next: ${name}, write-behind ${writeBehind}`, async () => {
      const { unit, drive } = await doubted(writeBehind);
      unit.drive.powerCycle();
      await assert.rejects(use(drive), ResetError);
      assert.ok((await drive.status()).ready);
      await drive.close();
    });
  }
}

Deno.test("an error that is no answer of the drive is passed on as it is", async () => {
  const { unit, drive } = await doubted(0);
  const mistake = new RangeError("not the drive's");
  unit.intercept = ({ cdb }) => {
    if (cdb[0] !== READ_POSITION) return undefined;
    unit.intercept = undefined;
    return Promise.reject(mistake);
  };
  await assert.rejects(drive.flush(), (error) => error === mistake);
  await drive.close();
});

Deno.test("what another host has done to the key, told behind what may be a loss of power, says nothing certain of what was buffered", async () => {
  const unit = new CutUnit("exact", { bufferBytes: 100_000 });
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  for (const number of [1, 2, 3]) await drive.write(numbered(number));
  unit.nexusLost = true;
  unit.sim.drive.powerCycle();
  unit.sim.drive.inject({ opcode: 0x34, sense: { key: 6, asc: 0x2a, ascq: 0x11 } });
  const error = await drive.write(numbered(4)).catch((reason) => reason);
  assert.equal(error.reason, "key-changed-by-another");
  const { written, isCertain } = error.writes;
  assert.deepEqual({ written, isCertain }, { written: 0, isCertain: false });
  await assert.rejects(drive.flush(), (later: TapeError) => later.writes?.durable === 0);
  assert.equal(unit.sim.drive.objects().length, 0);
  await drive.close().catch(() => {});
});

Deno.test("an error before the buffer is asked after says nothing certain of what was in it", async () => {
  const { unit, drive } = await doubted(0);
  unit.intercept = (command) =>
    command.cdb[0] === READ_POSITION ? Promise.resolve(KEY_CHANGED(command)) : undefined;
  const error = await drive.position().catch((reason) => reason);
  unit.intercept = undefined;
  assert.equal(error.reason, "key-changed-by-another");
  const { written, isCertain } = error.writes;
  assert.deepEqual({ written, isCertain }, { written: 0, isCertain: false });
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4");
  await drive.close();
});
