/** Reads that go on by the drive's numbers, where the way from the beginning is not known. */

import assert from "node:assert/strict";
import { TransportLostError } from "../../tape/errors.ts";
import { EXPECTED, readAll, readOne, written } from "./files_on_tape.ts";
import type { TargetHabits } from "./sim_unit.ts";

/** In the third file, where only the drive's numbers lead back, behind so many reads. */
async function located(habits: TargetHabits, reads: number) {
  const { unit, drive } = await written(habits, { readAhead: 4 });
  await drive.space("filemarks", 2);
  const { object } = await drive.position();
  await drive.rewind();
  await drive.locate(object!);
  const seen: string[] = [];
  for (let number = 0; number < reads; number++) seen.push(await readOne(drive));
  return { unit, drive, seen };
}

for (const habits of ["exact", "istgt"] as const) {
  Deno.test(`Reads resume again and again where only the drive's numbers lead back: ${habits}`, async () => {
    let most = 0;
    for (let apart = 1; apart <= 40; apart++) {
      const { unit, drive, seen } = await located(habits, 3);
      const reestablish = unit.reestablish.bind(unit);
      unit.reestablish = async () => {
        await reestablish();
        if (unit.reconnections < 3) unit.left = apart;
      };
      unit.left = 1;
      seen.push(...await readAll(drive));
      assert.deepEqual(seen, EXPECTED.slice(5), `${apart} apart`);
      most = Math.max(most, unit.reconnections);
      await drive.close();
    }
    assert.equal(most, 3);
  });
}

for (const habits of ["exact", "istgt"] as const) {
  Deno.test(`Reads resume by the drive's numbers, whatever was read ahead: ${habits}`, async () => {
    for (let reads = 3; reads <= 10; reads++) {
      const { unit, drive, seen } = await located(habits, reads);
      unit.nexusLost = true;
      seen.push(...await readAll(drive));
      assert.deepEqual(seen, EXPECTED.slice(5), `${reads} reads`);
      await drive.close();
    }
  });

  Deno.test(`Reads resume by the drive's numbers, though another operation could not connect to the end: ${habits}`, async () => {
    for (let second = 1; second <= 20; second++) {
      const { unit, drive, seen } = await located(habits, 3);
      const reestablish = unit.reestablish.bind(unit);
      unit.reestablish = async () => {
        await reestablish();
        unit.left = unit.reconnections === 1 ? second : Infinity;
      };
      unit.nexusLost = true;
      await drive.flush().catch((error) => assert.ok(error instanceof TransportLostError));
      seen.push(...await readAll(drive));
      assert.deepEqual(seen, EXPECTED.slice(5), `lost again after ${second} commands`);
      await drive.close();
    }
  });
}
