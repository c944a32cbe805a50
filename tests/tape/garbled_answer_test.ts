import assert from "node:assert/strict";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { TapeError } from "../../tape/errors.ts";
import { CutUnit } from "./cut_unit.ts";
import { fill, numbered } from "./drive_setup.ts";

const READ = 0x08;
const RECORDS = 20;
/** Sense data that begins with no response code that there is. */
const NO_SENSE_AT_ALL = new Uint8Array(18);

async function garbled(readAhead: number, recovery: "resume" | "none") {
  const unit = new CutUnit("exact");
  const drive = await TapeDrive.open(unit, {
    readAhead,
    recovery,
    sleep: () => Promise.resolve(),
  });
  await fill(drive, Array.from({ length: RECORDS }, (_, number) => numbered(number)));
  unit.sim.drive.inject({ opcode: READ, occurrence: 7, sense: NO_SENSE_AT_ALL, execute: true });
  return { unit, drive };
}

for (const readAhead of [1, 2, 4, 16]) {
  Deno.test(`an answer that no drive gives, among ${readAhead} reads under way, costs a connection and no record`, async () => {
    const { unit, drive } = await garbled(readAhead, "resume");
    for (let number = 0; number < RECORDS; number++) {
      assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number) });
    }
    assert.equal((await drive.read()).kind, "end-of-data");
    assert.equal(unit.reconnections, 1);
    await drive.close();
  });
}

for (const [readAhead, recovery] of [[0, "resume"], [4, "none"]] as const) {
  Deno.test(`an answer that no drive gives is an error with read-ahead ${readAhead} and recovery "${recovery}"`, async () => {
    const { unit, drive } = await garbled(readAhead, recovery);
    await assert.rejects(async () => {
      for (let number = 0; number < RECORDS; number++) await drive.read();
    }, TapeError);
    assert.equal(unit.reconnections, 0);
    await drive.close();
  });
}
