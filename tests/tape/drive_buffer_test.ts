import assert from "node:assert/strict";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { hex } from "../scsi/fake_unit.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import { check, good, script } from "./scripted.ts";

const NO_FORM = check({ key: 5, asc: 0x24, ascq: 0 });

Deno.test("buffered() tells what is not on tape yet, and flush() empties it", async () => {
  const { drive } = await openSim({ bufferBytes: 1_000_000 });
  await drive.rewind();
  for (let i = 0; i < 3; i++) await drive.write(numbered(i, 1000));
  assert.deepEqual(await drive.buffered(), { objects: 3, bytes: 3000, nextToTape: 0 });
  await drive.flush();
  assert.deepEqual(await drive.buffered(), { objects: 0, bytes: 0, nextToTape: 3 });
  await drive.close();
});

Deno.test("writeFilemarks(0) is flush(), as WRITE FILEMARKS with count 0 is", async () => {
  const { unit, drive } = await openSim({ bufferBytes: 1_000_000 });
  await drive.rewind();
  await drive.write(numbered(1));
  await drive.writeFilemarks(0, { immediate: true });
  assert.equal((await drive.buffered()).objects, 0);
  assert.equal(contents(unit), "1");
  await drive.close();
});

Deno.test("buffered() takes the extended form, or else the short one, and says when there is neither", async () => {
  const { unit, drive } = await openSim();
  const extended = hex("00 00 001c 00 000102 0000000100000000 0000000100000001 0000000000010000");
  const short = hex("10 00 0000 00000005 00000003 00 000002 00000800");
  const seen = script(unit, { 0x34: [good(extended), NO_FORM, good(short), NO_FORM, NO_FORM] });
  assert.deepEqual(await drive.buffered(), {
    objects: 0x102,
    bytes: 65_536,
    nextToTape: 0x100000001,
  });
  assert.deepEqual(await drive.buffered(), { objects: 2, nextToTape: 3 });
  assert.deepEqual(seen.map(({ cdb }) => [cdb[1], cdb[8]]), [[8, 32], [8, 32], [0, 0]]);
  await assert.rejects(drive.buffered(), UnsupportedError);
  unit.intercept = undefined;
  await drive.close();
});
