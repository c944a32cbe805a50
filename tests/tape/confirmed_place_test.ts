/** Where the tape stands behind an answer that nobody heard: what was proven holds, and nothing else. */

import assert from "node:assert/strict";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { HostUnit } from "./host_unit.ts";
import { lost } from "./cut_unit.ts";
import { fill, numbered, openSim, type Setup } from "./drive_setup.ts";

const REWIND = Uint8Array.of(0x01, 0, 0, 0, 0, 0);
const BACK_ONE = Uint8Array.of(0x11, 0, 0xff, 0xff, 0xff, 0);

/** A drive located to object 5, from where the driver has no count of its own. */
async function openLocated(options: TapeDriveOptions = {}): Promise<Setup> {
  const setup = await openSim({}, options);
  await fill(setup.drive, Array.from({ length: 40 }, (_, each) => numbered(each)));
  await setup.drive.locate(5);
  return setup;
}

/** A command gets no answer. */
async function missAnswer({ unit, drive }: Setup): Promise<void> {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    unit.execute = execute;
    await execute(command);
    throw lost("unknown");
  };
  await assert.rejects(drive.compression(), { kind: "transport-lost" });
}

Deno.test("Reads go on where the drive's proven number says that the tape stands", async () => {
  const setup = await openLocated({ readAhead: 2 });
  const { drive } = setup;
  for (let number = 5; number < 11; number++) await drive.read();
  await missAnswer(setup);
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(11) });
  await drive.close();
});

Deno.test("Reads go on at the place that LOCATE has led to", async () => {
  const setup = await openLocated();
  await missAnswer(setup);
  assert.deepEqual(await setup.drive.read(), { kind: "record", data: numbered(5) });
  await setup.drive.close();
});

Deno.test("The number of that place proves nothing any more behind the first record", async () => {
  const setup = await openLocated();
  const { unit, drive } = setup;
  await drive.read();
  // The first command of another host is told that the drive was switched on, and does nothing.
  const other = new HostUnit(unit.drive, "other");
  await other.execute({ cdb: REWIND });
  await other.execute({ cdb: BACK_ONE });
  assert.equal(unit.drive.position?.object, 5);
  await missAnswer(setup);
  await assert.rejects(drive.read(), { kind: "position-lost" });
  await drive.close();
});
