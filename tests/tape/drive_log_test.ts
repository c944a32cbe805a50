import assert from "node:assert/strict";
import { tapePersonalities } from "../../sim/personality.ts";
import type { TapeError } from "../../tape/errors.ts";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { TAPE_ALERTS, tapeAlert } from "../../tape/tape_alert.ts";
import { hex } from "../scsi/fake_unit.ts";
import { openSim } from "./drive_setup.ts";
import { check, good, script } from "./scripted.ts";

Deno.test("alerts() keeps what reading takes down, and so does log()", async () => {
  const { unit, drive } = await openSim();
  unit.drive.raiseTapeAlert(20);
  const first = await drive.alerts();
  assert.deepEqual(first.active.map(({ name, severity }) => [name, severity]), [[
    "cleaning required",
    "critical",
  ]]);
  unit.drive.raiseTapeAlert(3);
  await drive.log("TapeAlert");
  const last = await drive.alerts();
  assert.deepEqual(last.active, []);
  assert.deepEqual(last.seen.map(({ flag }) => flag), [20, 3]);
  await drive.close();
});

Deno.test("The TapeAlert table has 64 flags of a severity each, with advice", () => {
  assert.equal(TAPE_ALERTS.length, 64);
  TAPE_ALERTS.forEach((alert, i) => {
    assert.equal(alert.flag, i + 1);
    assert.ok(alert.name.length > 0 && alert.advice.length > 10);
  });
  const critical = TAPE_ALERTS.filter(({ severity }) => severity === "critical");
  assert.deepEqual(
    critical.map(({ flag }) => flag),
    [
      4,
      5,
      6,
      9,
      13,
      14,
      16,
      20,
      22,
      23,
      30,
      31,
      33,
      38,
      40,
      41,
      43,
      44,
      45,
      52,
      53,
      54,
      55,
      56,
      57,
    ],
  );
  assert.equal(tapeAlert(21)?.name, "cleaning requested");
  assert.equal(tapeAlert(65), undefined);
});

Deno.test("log() finds a page by name where this drive has it, and refuses names that are none", async () => {
  const { unit, drive } = await openSim();
  const noPage = check({ key: 5, asc: 0x24, ascq: 0 });
  const seen = script(unit, { 0x4d: [noPage, good(hex("32 00 0006 0001 00 02 00c8"))] });
  const page = await drive.log("data compression");
  assert.deepEqual(seen.map(({ cdb }) => cdb[2] & 0x3f), [0x1b, 0x32]);
  assert.deepEqual(page.parameters, [
    { code: 1, name: "write compression ratio", value: 200, unit: "1/100" },
  ]);
  await assert.rejects(
    drive.log("weather"),
    (error) => (error as TapeError).kind === "invalid-argument",
  );
  await drive.close();
});

Deno.test("A log page that the drive does not have is unsupported by name, a broken answer is not", async () => {
  const { unit, drive } = await openSim();
  await assert.rejects(drive.log(0x3d), (error) => {
    assert.ok(error instanceof UnsupportedError);
    return error.feature === "log page 3Dh";
  });
  script(unit, { 0x4d: [good(hex("17"))] });
  await assert.rejects(
    drive.log(0x17),
    (error) => (error as TapeError).kind === "unexpected-response",
  );
  await drive.close();
});

Deno.test("logPages() names the pages, and resetLog() begins them anew", async () => {
  const { drive } = await openSim();
  const pages = await drive.logPages();
  assert.ok(pages.some(({ page, name }) => page === 0x2e && name === "TapeAlert"));
  await drive.rewind();
  await drive.write(new Uint8Array(1000));
  const written = async () =>
    (await drive.log(0x02)).parameters.find(({ code }) => code === 5)?.value;
  assert.equal(await written(), 1000);
  await drive.resetLog(0x03);
  assert.equal(await written(), 1000);
  await drive.resetLog(0x02);
  assert.equal(await written(), 0);
  await drive.write(new Uint8Array(1000));
  await drive.resetLog();
  assert.equal(await written(), 0);
  await drive.close();
});

Deno.test("resetLog() of one page is not supported by a drive that resets all or none", async () => {
  const { drive } = await openSim({ personality: tapePersonalities["quantum-dlt8000"] });
  await assert.rejects(drive.resetLog(0x02), UnsupportedError);
  await drive.resetLog();
  await drive.close();
});
