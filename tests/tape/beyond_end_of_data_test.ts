/** READs ahead behind one that met the end of data, and that find something: the tape stands where nobody knows. */

import assert from "node:assert/strict";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import type { SimUnitOptions } from "./sim_unit.ts";

const [REWIND, READ] = [0x01, 0x08];

/** Behind the end of data of six records, with a tape that a READ ahead has moved from there. */
async function atEndOfData(options: SimUnitOptions = {}) {
  const { unit, drive } = await openSim(options, { readAhead: 4 });
  await fill(drive, [1, 2, 3, 4, 5, 6].map((number) => numbered(number)));
  let beyond = 0;
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const isAtEnd = command.cdb[0] === READ && unit.drive.position!.object === 6;
    if (isAtEnd && ++beyond === 2) void execute({ cdb: Uint8Array.of(REWIND, 0, 0, 0, 0, 0) });
    const result = await execute(command);
    // READs go out behind this one until its answer is there.
    for (let hops = 0; hops < 50; hops++) await Promise.resolve();
    return result;
  };
  for (let number = 1; number <= 6; number++) {
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number) });
  }
  assert.equal((await drive.read()).kind, "end-of-data");
  assert.ok(beyond >= 2, "a READ was ahead");
  return { unit, drive };
}

Deno.test("what is written at the end of data goes there, though a READ ahead has moved the tape", async () => {
  const { unit, drive } = await atEndOfData();
  await drive.write(numbered(7));
  await drive.close();
  assert.equal(contents(unit), "1 2 3 4 5 6 7");
});

Deno.test("close() leaves the tape at the end of data, though a READ ahead has moved it", async () => {
  const { unit, drive } = await atEndOfData();
  await drive.close();
  assert.equal(unit.closedAt, 6);
});

Deno.test("who reads on from there stands nowhere that the driver could count", async () => {
  const { drive } = await atEndOfData({ quirks: { positionUnknown: true } });
  assert.equal((await drive.read()).kind, "record");
  assert.equal((await drive.position()).known, false);
  await drive.rewind();
  await drive.close();
});
