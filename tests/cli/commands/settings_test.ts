import assert from "node:assert/strict";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

function bench(): SimDevices {
  return new SimDevices(new SimulatedDrive({ medium: new MemoryMedium() }));
}

Deno.test("setblk sets the block size, which stays until it is set again", async () => {
  const devices = bench();
  for (const [line, shown] of [["setblk 64k", "65536 bytes, fixed"], ["setblk 0", "variable"]]) {
    const host = new MemoryHost();
    assert.equal(await tape(line, host, devices), 0, host.errors);
    assert.equal(await tape("status", host, devices), 0, host.errors);
    assert.match(host.output, new RegExp(`^Block size +${shown}$`, "m"));
  }
});

Deno.test("setblk beyond the drive's limits fails and changes nothing", async () => {
  const devices = bench();
  const host = new MemoryHost();
  assert.equal(await tape("setblk 1g", host, devices), 2);
  assert.equal(await tape("status --json", host, devices), 0);
  assert.equal(JSON.parse(host.output).status.blockBytes, 0);
});

Deno.test("compression switches and tells", async () => {
  const devices = bench();
  for (const setting of ["off", "on"]) {
    const host = new MemoryHost();
    assert.equal(await tape(`compression ${setting}`, host, devices), 0, host.errors);
    assert.equal(host.output, "");
    assert.equal(await tape("compression", host, devices), 0);
    assert.equal(host.output, `${setting}\n`);
  }
});

Deno.test("compression --json tells what the drive can do", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("compression on --json", host, bench()), 0);
  const { compression } = JSON.parse(host.output);
  assert.deepEqual([compression.supported, compression.enabled], [true, true]);
});
