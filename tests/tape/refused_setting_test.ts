/**
 * Settings and questions that a drive takes otherwise than it was asked, or refuses.
 */

import assert from "node:assert/strict";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { check, script, UNKNOWN_COMMAND } from "./scripted.ts";

const [MODE_SELECT, MODE_SENSE, READ_POSITION, ERASE] = [0x15, 0x1a, 0x34, 0x19];
const BLOCK_LENGTH_AT = 9;

Deno.test("after a block size that the drive has made another one of, writes go by what is in force", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  await drive.setBlockSize(1024);
  unit.intercept = (command) => {
    if (command.cdb[0] !== MODE_SELECT) return undefined;
    unit.intercept = undefined;
    const dataOut = new Uint8Array(command.dataOut!);
    dataOut.set([0, 0, 208], BLOCK_LENGTH_AT);
    return unit.execute({ ...command, dataOut });
  };
  await assert.rejects(drive.setBlockSize(2000), { kind: "unsupported" });
  await assert.rejects(drive.write(numbered(1, 1024)), { kind: "invalid-argument" });
  await drive.write(numbered(1, 416));
  assert.equal(contents(unit), "1 1");
  assert.equal(await drive.blockSize(), 208);
  await drive.close();
});

Deno.test("setBlockSize() that is called off is asked after before anything else", async () => {
  const { unit, drive } = await openSim();
  await drive.rewind();
  const stopping = new AbortController();
  unit.intercept = (command) => {
    if (command.cdb[0] !== MODE_SELECT) return undefined;
    unit.intercept = undefined;
    void unit.execute(command);
    stopping.abort(new Error("stop"));
    return Promise.reject(stopping.signal.reason);
  };
  await assert.rejects(drive.setBlockSize(512, { signal: stopping.signal }), /stop/);
  await drive.write(numbered(1, 1024));
  assert.equal(contents(unit), "1 1");
  await drive.close();
});

Deno.test("setCompression() on a drive that has neither page is not supported", async () => {
  const { unit, drive } = await openSim();
  script(unit, { [MODE_SENSE]: [UNKNOWN_COMMAND], 0x5a: [UNKNOWN_COMMAND] });
  await assert.rejects(drive.setCompression({ enabled: true }), UnsupportedError);
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("a drive that for now answers READ POSITION with a command sequence error is asked again later", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(0), numbered(1)]);
  script(unit, { [READ_POSITION]: [check({ key: 5, asc: 0x2c, ascq: 0 })] });
  assert.equal((await drive.position()).source, "counted");
  unit.intercept = undefined;
  await drive.locate(1);
  const { object, source } = await drive.position();
  assert.deepEqual({ object, source }, { object: 1, source: "device" });
  await drive.close();
});

Deno.test("erase() near the end of the tape is done", async () => {
  const { unit, drive } = await openSim();
  await fill(drive, [numbered(0), numbered(1)]);
  script(unit, { [ERASE]: [check({ key: 0, asc: 0, ascq: 2, endOfMedium: true })] });
  await drive.erase();
  unit.intercept = undefined;
  await drive.write(numbered(9));
  await drive.close();
});
