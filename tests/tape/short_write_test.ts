/** Drives that call a write good and took less of it. */

import assert from "node:assert/strict";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import { PositionLostError, type TapeError } from "../../tape/errors.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import type { SimUnit } from "./sim_unit.ts";

const WRITE = 0x0a;
const TAKEN = 60;

/** A drive that once takes 60 bytes of a write of 100, and calls it good. What is on the tape then is `written` of them. */
async function shortOnce(
  written: number,
  { positionUnknown = false, writeBehind = 0, blockSize = 0 },
) {
  const quirks = { positionUnknown, noLocate: positionUnknown };
  const { unit, drive } = await openSim({ quirks }, { writeBehind, blockSize });
  await drive.rewind();
  for (let number = 1; number <= 3; number++) await drive.write(numbered(number));
  await drive.flush();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command: ScsiCommand) => {
    if (command.cdb[0] !== WRITE) return await execute(command);
    unit.execute = execute;
    const units = blockSize === 0 ? written : written / blockSize;
    const cdb = Uint8Array.from(command.cdb).fill(0, 2, 5).fill(units, 4, 5);
    const result = await execute({
      ...command,
      cdb,
      dataOut: command.dataOut!.subarray(0, written),
    });
    return { ...result, residual: command.dataOut!.length - TAKEN };
  };
  const writeOn = async () => {
    for (let number = 4; number <= 6; number++) await drive.write(numbered(number));
    await drive.flush();
  };
  return { unit, drive, writeOn };
}

function lengths(unit: SimUnit): number[] {
  return unit.drive.objects().map((each) => each.kind === "filemark" ? 0 : each.data.length);
}

for (const writeBehind of [0, 4]) {
  for (const written of [TAKEN, 100]) {
    Deno.test(`a write that is good and has a residual is looked for on the tape: ${written} bytes, write-behind ${writeBehind}`, async () => {
      const { unit, drive, writeOn } = await shortOnce(written, { writeBehind });
      const error = await writeOn().catch((error) => error);
      await drive.close();
      if (error === undefined) {
        assert.equal(contents(unit), "1 2 3 4 5 6");
        assert.deepEqual(lengths(unit), Array(6).fill(100));
      } else {
        assert.equal(error.writes?.unwritten[0]?.number, 3, String(error));
        assert.deepEqual(lengths(unit).slice(0, 3), Array(3).fill(100));
      }
    });
  }

  for (const options of [{ positionUnknown: true }, { blockSize: 10 }]) {
    Deno.test(`where it cannot be looked for it is none to rely on: ${JSON.stringify(options)}, write-behind ${writeBehind}`, async () => {
      const { unit, drive, writeOn } = await shortOnce(TAKEN, { ...options, writeBehind });
      await assert.rejects(writeOn(), (error: TapeError) => {
        assert.equal(error.kind, "length-disagreement", String(error));
        assert.match(error.message, /calls it good, but took 40 bytes less/);
        assert.equal(error.writes?.unwritten[0]?.number, 3);
        return error.writes!.written <= 3;
      });
      await assert.rejects(drive.write(numbered(7)), PositionLostError);
      await drive.close();
      assert.match(contents(unit), /^(1 )+(2 )+3/);
    });
  }
}

Deno.test("an informational answer to a write is a good one", async () => {
  for (const writeBehind of [0, 4]) {
    const { unit, drive } = await openSim({}, { writeBehind, blockSize: 10 });
    await drive.rewind();
    const [key, asc] = [1, 0x0c];
    unit.drive.inject({ opcode: WRITE, sense: { key, asc, ascq: 1 }, execute: true });
    for (let number = 1; number <= 3; number++) await drive.write(numbered(number, 20));
    await drive.close();
    assert.equal(contents(unit), "1 1 2 2 3 3");
  }
});
