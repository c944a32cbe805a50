import assert from "node:assert/strict";
import { noticeTeller } from "../../cli/report/drive_notices.ts";
import { Reporter } from "../../cli/report/reporter.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { MemoryHost } from "./memory_host.ts";
import { SimDevices, tape } from "./sim_devices.ts";

Deno.test("A drive that is loading (02/04/01) is waited for, and people are told so once", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  drive.becomeNotReady({ commands: 9 });
  const host = new MemoryHost();
  assert.equal(await tape("rewind", host, new SimDevices(drive)), 0, host.errors);
  assert.equal(
    host.errors,
    "The drive is loading or calibrating the cartridge: waiting for it; interrupt to give up\n",
  );
});

Deno.test("A drive that stays not ready is given up after --timeout, with what to do", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  drive.becomeNotReady({ commands: 1000 });
  const host = new MemoryHost();
  assert.equal(await tape("rewind --timeout 5", host, new SimDevices(drive)), 2);
  assert.match(host.errors, /^tape: .*04\/01|becoming ready/m);
  assert.match(host.errors, /loading or calibrating the cartridge: wait, and try again/);
});

Deno.test("What a drive says beside its work is told as a warning", () => {
  const host = new MemoryHost();
  const tell = noticeTeller(new Reporter(host, { json: false }));
  tell({ kind: "cleaning" });
  tell({ kind: "reconnecting" });
  tell({ kind: "reconnected" });
  assert.equal(
    host.errors,
    "tape: warning: the drive asks to be cleaned\n" +
      "tape: warning: the connection is lost: connecting again\n" +
      "tape: warning: connected again\n",
  );
});
