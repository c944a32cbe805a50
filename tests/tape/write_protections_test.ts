/** Write protection by software, which two mode pages hold: on most drives each its own, on others the same. */

import assert from "node:assert/strict";
import type { ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { changeModePage } from "../../scsi/mode_pages.ts";
import { ResetError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, numbered } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import { SimUnit } from "./sim_unit.ts";

const [MODE_SELECT, MODE_SENSE] = [0x15, 0x1a];
/** Where MODE SELECT(6) has the page without block descriptor. */
const PAGE_AT = 4;
/** The pages that have it, with its byte and bit. */
const PLACES = [{ page: 0x0a, at: 4, bit: 0x08 }, { page: 0x10, at: 10, bit: 0x04 }];

/** A drive that has one write protection for both pages. */
class MirroringUnit extends SimUnit {
  override async execute(command: ScsiCommand): Promise<ScsiResult> {
    const result = await super.execute(command);
    const { cdb, dataOut } = command;
    const page = cdb[0] === MODE_SELECT ? dataOut!.subarray(PAGE_AT) : [];
    const from = PLACES.find((place) => place.page === page[0]);
    if (from === undefined || result.status !== 0) return result;
    const isOn = (page[from.at] & from.bit) !== 0;
    const to = PLACES.find((place) => place !== from)!;
    const unit = { name: "itself", execute: super.execute.bind(this), close: super.close };
    await changeModePage(unit, { page: to.page }, (bytes) => {
      bytes[to.at] = bytes[to.at] & ~to.bit | (isOn ? to.bit : 0);
    });
    return result;
  }
}

async function open(unit: SimUnit = new MirroringUnit()) {
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await drive.rewind();
  return { unit, drive };
}

Deno.test("who switches in one page off what he has switched on in another has changed it himself", async () => {
  const { unit, drive } = await open();
  const host = new HostUnit(unit.drive, "other");
  const other = await TapeDrive.open(host, { sleep: () => Promise.resolve() });
  await drive.changeSettings("control", { softwareWriteProtect: true });
  await assert.rejects(drive.write(numbered(1)), { kind: "write-protected" });
  await drive.changeSettings("device configuration", { softwareWriteProtect: false });
  await other.setEarlyWarning(1e6);
  await drive.position();
  await drive.write(numbered(1));
  assert.equal(contents(unit), "1");
  await other.close();
  await drive.close();
});

Deno.test("what was switched on last is on after a reset", async () => {
  const { unit, drive } = await open();
  await drive.changeSettings("control", { softwareWriteProtect: true });
  await drive.changeSettings("device configuration", { softwareWriteProtect: false });
  await drive.changeSettings("control", { softwareWriteProtect: true });
  unit.drive.reset();
  await assert.rejects(drive.rewind(), ResetError);
  await drive.rewind();
  await assert.rejects(drive.write(numbered(1)), { kind: "write-protected" });
  assert.equal(contents(unit), "");
  await drive.close();
});

Deno.test("what another host switches off meanwhile is told all the same", async () => {
  const { unit, drive } = await open(new SimUnit());
  const host = new HostUnit(unit.drive, "other");
  const other = await TapeDrive.open(host, { sleep: () => Promise.resolve() });
  await drive.changeSettings("control", { softwareWriteProtect: true });
  let isSet = false;
  unit.intercept = (command) => {
    const { cdb, dataOut } = command;
    isSet ||= cdb[0] === MODE_SELECT && dataOut![PAGE_AT] === 0x10;
    if (!isSet || cdb[0] !== MODE_SENSE || cdb[2] !== 0x0a) return undefined;
    unit.intercept = undefined;
    return other.changeSettings("control", { softwareWriteProtect: false })
      .then(() => unit.execute(command));
  };
  await drive.changeSettings("device configuration", { softwareWriteProtect: true });
  await assert.rejects(drive.write(numbered(1)), {
    kind: "mode-parameters-changed",
    message: /softwareWriteProtect in "control"/,
  });
  await other.close();
  await drive.close();
});
