/** Early warning with the whole record in INFORMATION: the drive says that it has not written it (SSC-4, WRITE(6)). */

import assert from "node:assert/strict";
import { VolumeOverflowError } from "../../tape/errors.ts";
import { contents, numbered, openSim, type Setup } from "./drive_setup.ts";

const WRITE = 0x0a;
const DENIAL = { key: 0, asc: 0, ascq: 2, endOfMedium: true, information: 100 };

/** A drive whose position is proven, which denies the write to come. */
async function denying(
  writeBehind: number,
  options: { readonly execute: boolean; readonly times?: number },
): Promise<Setup> {
  const setup = await openSim({}, { writeBehind });
  for (const number of [1, 2, 3]) await setup.drive.write(numbered(number));
  await setup.drive.flush();
  setup.unit.drive.inject({ opcode: WRITE, sense: DENIAL, ...options });
  return setup;
}

for (const writeBehind of [0, 4]) {
  for (const execute of [false, true]) {
    Deno.test(`a record that is said not to be on tape is there once in the end, written ${execute}, write-behind ${writeBehind}`, async () => {
      const { unit, drive } = await denying(writeBehind, { execute });
      const warned: boolean[] = [];
      for (const number of [4, 5, 6]) {
        warned.push((await drive.write(numbered(number))).earlyWarning);
      }
      warned.push((await drive.flush()).earlyWarning);
      assert.ok(warned.includes(true), "the warning is told all the same");
      assert.equal(contents(unit), "1 2 3 4 5 6");
      assert.equal((await drive.position()).object, 6);
      await drive.close();
    });
  }

  Deno.test(`a record that the drive never takes is told as not written, write-behind ${writeBehind}`, async () => {
    const { unit, drive } = await denying(writeBehind, { execute: false, times: 20 });
    await assert.rejects(async () => {
      await drive.write(numbered(4));
      await drive.flush();
    }, (error: VolumeOverflowError) => {
      assert.ok(error instanceof VolumeOverflowError, String(error));
      const { unwritten, isInPlace, written } = error.writes!;
      assert.deepEqual([unwritten.map(({ number }) => number), isInPlace, written], [[3], true, 3]);
      return true;
    });
    assert.equal(contents(unit), "1 2 3");
    await drive.writeFilemarks();
    assert.equal(contents(unit), "1 2 3 |");
    await drive.close();
  });
}

Deno.test("a drive that cannot tell its position is believed that it has not written a record", async () => {
  const { unit, drive } = await openSim({ quirks: { positionUnknown: true } });
  for (const number of [1, 2]) await drive.write(numbered(number));
  unit.drive.inject({ opcode: WRITE, sense: DENIAL });
  await assert.rejects(drive.write(numbered(3)), VolumeOverflowError);
  await drive.write(numbered(3));
  assert.equal(contents(unit), "1 2 3");
  await drive.close();
});
