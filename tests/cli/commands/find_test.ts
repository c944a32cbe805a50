import assert from "node:assert/strict";
import { run } from "../../../cli/run.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

function bench(writeProtected = false) {
  const drive = new SimulatedDrive({
    medium: new MemoryMedium({ writeProtected }),
    serialNumber: "SERIAL42",
  });
  return new SimDevices(drive);
}

Deno.test("inquiry names the drive", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("inquiry", host, bench()), 0, host.errors);
  assert.match(host.output, /^Vendor +UISCSI$/m);
  assert.match(host.output, /^Serial number +SERIAL42$/m);
  const json = new MemoryHost();
  await tape("inquiry --json", json, bench());
  const { drive, limits } = JSON.parse(json.output);
  assert.equal(drive.vendor, "UISCSI");
  assert.equal(typeof limits.maxBytes, "number");
});

Deno.test("status tells medium, position, block size, compression and write protection", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("status", host, bench(true)), 0, host.errors);
  assert.match(host.output, /^Drive +UISCSI /m);
  assert.match(host.output, /^Medium +loaded$/m);
  assert.match(host.output, /^Position +At block 0 \(file 0, beginning of tape\)$/m);
  assert.match(host.output, /^Block size +variable$/m);
  assert.match(host.output, /^Compression +(on|off)$/m);
  assert.match(host.output, /^Write protection +on$/m);
});

Deno.test("status works without a cartridge", async () => {
  const devices = new SimDevices(new SimulatedDrive());
  const host = new MemoryHost();
  assert.equal(await tape("status", host, devices), 0, host.errors);
  assert.match(host.output, /^Medium +none$/m);
  const json = new MemoryHost();
  assert.equal(await tape("status --json", json, devices), 0);
  assert.equal(JSON.parse(json.output).status.ready, false);
});

Deno.test("densities lists what the drive knows", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("densities", host, bench()), 0, host.errors);
  assert.match(host.output, /^[0-9A-F]{2}h {2}\S/m);
  const json = new MemoryHost();
  assert.equal(await tape("densities --json", json, bench()), 0);
  const { densities } = JSON.parse(json.output);
  assert.equal(densities.length, host.output.trim().split("\n").length);
  assert.equal(typeof densities[0].code, "number");
});

Deno.test("densities --media needs a cartridge, densities does not", async () => {
  const devices = new SimDevices(new SimulatedDrive());
  const host = new MemoryHost();
  assert.equal(await tape("densities --media", host, devices), 2);
  assert.match(host.errors, /No cartridge is in the drive: insert one/);
  assert.equal(await tape("densities", new MemoryHost(), devices), 0);
});

const unit = {
  target: "iqn.2026-03.com.example:tape",
  portal: "10.0.0.5:3260",
  lun: 0,
  deviceType: "tape",
  vendor: "IBM",
  product: "ULT3580-TD9",
  revision: "N9M2",
};

function ls(portals: string[], host: MemoryHost, devices: SimDevices): Promise<number> {
  return run(["ls", ...portals], host, { devices });
}

Deno.test("ls prints one aligned line a logical unit", async () => {
  const devices = bench();
  const other = { ...unit, lun: 12, deviceType: "changer", vendor: "HP", product: "MSL" };
  devices.listings = { a: { portal: "a", units: [unit, other], failures: [] } };
  const host = new MemoryHost();
  assert.equal(await ls(["a"], host, devices), 0);
  assert.deepEqual(host.output.split("\n"), [
    "iqn.2026-03.com.example:tape  10.0.0.5:3260  0   tape     IBM  ULT3580-TD9  N9M2",
    "iqn.2026-03.com.example:tape  10.0.0.5:3260  12  changer  HP   MSL          N9M2",
    "",
  ]);
});

Deno.test("ls warns of what it could not reach and lists the rest", async () => {
  const devices = bench();
  const failures = [{ target: "iqn.2026-03.com.example:other", message: "Logging in: refused" }];
  devices.listings = { a: { portal: "a", units: [unit], failures } };
  const host = new MemoryHost();
  assert.equal(await ls(["a", "b"], host, devices), 0);
  assert.equal(host.output.trim().split("\n").length, 1);
  assert.match(host.errors, /warning: iqn.2026-03.com.example:other at a: Logging in: refused/);
  assert.match(host.errors, /warning: b: Connecting: refused/);
});

Deno.test("ls fails when nothing could be reached, with one JSON document all the same", async () => {
  const host = new MemoryHost();
  assert.equal(await ls(["a", "b", "--json"], host, bench()), 2);
  const { portals } = JSON.parse(host.output);
  assert.deepEqual(portals.map((each: { portal: string }) => each.portal), ["a", "b"]);
  assert.match(host.errors, /no logical unit could be reached/);
});
