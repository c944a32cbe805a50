import assert from "node:assert/strict";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import type { DriveSettingsName } from "../../tape/mode_settings.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { check, script } from "./scripted.ts";

const NAMES: readonly DriveSettingsName[] = [
  "read-write error recovery",
  "control",
  "device configuration",
  "device configuration extension",
  "informational exceptions control",
  "medium configuration",
];

Deno.test("settings() reads each group by the name of its page", async () => {
  const { drive } = await openSim();
  for (const name of NAMES) assert.notDeepEqual(await drive.settings(name), {}, name);
  const { writeOnce } = await drive.settings("medium configuration");
  assert.equal(writeOnce, false);
  await drive.close();
});

Deno.test("changeSettings() changes what it is told and nothing else, where the caller is", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 8 });
  await fill(drive, Array.from({ length: 20 }, (_, i) => numbered(i)));
  for (let i = 0; i < 4; i++) await drive.read();
  const before = await drive.settings("control");
  await drive.changeSettings("control", { softwareWriteProtect: true });
  assert.deepEqual(await drive.settings("control"), { ...before, softwareWriteProtect: true });
  await assert.rejects(drive.write(numbered(99)), { kind: "write-protected" });
  await drive.changeSettings("control", { softwareWriteProtect: false });
  await drive.write(numbered(99));
  assert.equal(contents(unit), "0 1 2 3 99");
  await drive.close();
});

Deno.test("with sense data in descriptor format, filemarks and lengths are told as before", async () => {
  const { drive } = await openSim();
  await fill(drive, [numbered(1), null, numbered(2, 5000)]);
  await drive.changeSettings("control", { descriptorSense: true });
  assert.equal((await drive.read()).kind, "record");
  assert.equal((await drive.read()).kind, "filemark");
  const long = await drive.read();
  assert.equal(long.kind === "record" && long.data.length, 5000);
  assert.equal((await drive.read()).kind, "end-of-data");
  await drive.close();
});

Deno.test("settings that there are not, and values that do not fit, are refused by name", async () => {
  const { unit, drive } = await openSim();
  await assert.rejects(drive.settings("toString" as DriveSettingsName), {
    kind: "invalid-argument",
  });
  await assert.rejects(drive.changeSettings("device configuration", { rewindOnReset: 9 }), {
    kind: "invalid-argument",
  });
  script(unit, {
    0x1a: [check({ key: 5, asc: 0x24, ascq: 0 })],
    0x5a: [check({ key: 5, asc: 0x24, ascq: 0 })],
  });
  await assert.rejects(drive.settings("read-write error recovery"), UnsupportedError);
  await assert.rejects(
    drive.changeSettings("control", { descriptorSense: true }),
    UnsupportedError,
  );
  await drive.close();
});
