/** Where the tape stands behind an answer that nobody heard: what was proven holds, and nothing else. */

import assert from "node:assert/strict";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { HostUnit } from "./host_unit.ts";
import { lost } from "./cut_unit.ts";
import { fill, numbered, openSim, type Setup } from "./drive_setup.ts";

const [READ, READ_POSITION] = [0x08, 0x34];
const BUSY = { status: 0x08, sense: new Uint8Array(0), dataInLength: 0, residual: 0 };
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

Deno.test("Reads go on at the place that SPACE has led to, once the drive has told its number", async () => {
  const setup = await openLocated();
  const { unit, drive } = setup;
  await drive.space("blocks", 2);
  unit.drive.inject({ opcode: READ, status: 0x18 });
  await assert.rejects(drive.read(), { kind: "reservation-conflict" });
  await missAnswer(setup);
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(7) });
  await drive.close();
});

Deno.test("Reads go on where the driver's own count of what was read ahead says that the tape stands", async () => {
  const setup = await openSim({}, { readAhead: 4, recordBytesHint: 100 });
  const { unit, drive } = setup;
  await fill(drive, [...Array.from({ length: 4 }, (_, each) => numbered(each)), null, numbered(5)]);
  // The drive is too busy for the questions behind READs, which prove nothing so.
  unit.intercept = ({ cdb }) => cdb[0] === READ_POSITION ? Promise.resolve(BUSY) : undefined;
  for (let number = 0; number < 2; number++) await drive.read();
  await drive.compression();
  unit.intercept = undefined;
  assert.equal(unit.drive.position?.object, 6, "the tape has run ahead");
  await missAnswer(setup);
  assert.deepEqual(await drive.read(), { kind: "record", data: numbered(2) });
  await drive.close();
});
