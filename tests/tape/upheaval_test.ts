/** What was read ahead of a reset, or of another cartridge, of which another command than a READ is told. */

import assert from "node:assert/strict";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { MediumChangedError, ResetError } from "../../tape/errors.ts";
import type { ReadResult } from "../../tape/record_reader.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";

const READ = 0x08;

/** A drive that has read ahead of the caller: records, or the end of data. */
async function openAhead(records: number) {
  const { unit, drive } = await openSim({}, { readAhead: 4, recordBytesHint: 100 });
  await fill(drive, Array.from({ length: records }, (_, at) => numbered(at)));
  for (let at = 0; at < 5; at++) assert.equal(first(await drive.read()), at);
  while (unit.outstanding > 0) await Promise.resolve();
  return { unit, drive };
}

function first(result: ReadResult): number | string {
  return result.kind === "record" ? result.data[0] : result.kind;
}

const TELLERS: Readonly<Record<string, (drive: TapeDrive) => Promise<unknown>>> = {
  "flush()": (drive) => drive.flush(),
  "position()": (drive) => drive.position(),
  "compression()": (drive) => drive.compression(),
};

for (const [name, tell] of Object.entries(TELLERS)) {
  for (const records of [5, 12]) {
    Deno.test(`Behind a reset that ${name} tells of reads go on where the tape stands, with ${records} records`, async () => {
      const { unit, drive } = await openAhead(records);
      unit.drive.reset();
      await assert.rejects(tell(drive), ResetError);
      for (let at = 0; at < 5; at++) assert.equal(first(await drive.read()), at);
      await drive.close();
    });

    Deno.test(`Behind an exchange that ${name} tells of nothing of the old cartridge is read, with ${records} records`, async () => {
      const { unit, drive } = await openAhead(records);
      const other = new MemoryMedium();
      for (let at = 0; at < 3; at++) other.partitions[0].appendRecord(numbered(100 + at));
      unit.drive.insert(other);
      await assert.rejects(tell(drive), MediumChangedError);
      for (let at = 0; at < 3; at++) assert.equal(first(await drive.read()), 100 + at);
      assert.equal(first(await drive.read()), "end-of-data");
      await drive.close();
    });
  }
}

/** The same with READs whose answers come when they are let go. */
async function openHeld() {
  const { unit, drive } = await openSim({}, { readAhead: 4, recordBytesHint: 100 });
  await fill(drive, Array.from({ length: 20 }, (_, at) => numbered(at)));
  const held = Promise.withResolvers<void>();
  const execute = unit.execute.bind(unit);
  let isHolding = false;
  unit.execute = async (command) => {
    const isHeld = isHolding && command.cdb[0] === READ;
    const result = await execute(command);
    if (isHeld) await held.promise;
    return result;
  };
  for (let at = 0; at < 5; at++) {
    isHolding = at === 4;
    assert.equal(first(await drive.read()), at);
  }
  return { unit, drive, letGo: () => held.resolve() };
}

Deno.test("What READs bring that were on their way when position() told of a reset is not read behind it", async () => {
  const { unit, drive, letGo } = await openHeld();
  const { object } = unit.drive.position!;
  unit.drive.reset();
  const told = assert.rejects(drive.position(), ResetError);
  for (let hops = 0; hops < 100; hops++) await Promise.resolve();
  letGo();
  await told;
  assert.ok(object > 5);
  assert.equal(first(await drive.read()), 0);
  await drive.close();
});
