import assert from "node:assert/strict";
import { partitionSizes } from "../../../cli/commands/mkpartition.ts";
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

Deno.test("setdensity takes a number, a code or a name", async () => {
  const devices = bench();
  for (const [typed, code] of [["0x5c", 0x5c], ["5Eh", 0x5e], ["92", 92], ["u-832", 0x5e]]) {
    const host = new MemoryHost();
    assert.equal(await tape(`setdensity ${typed}`, host, devices), 0, host.errors);
    assert.equal(await tape("status --json", host, devices), 0);
    assert.equal(JSON.parse(host.output).status.densityCode, code, String(typed));
  }
});

Deno.test("setdensity refuses what the drive does not have, and names what it has", async () => {
  for (const [typed, why] of [["LTO-99", /U-832 \(5Eh\)/], ["0x13", /density|field/i]] as const) {
    const host = new MemoryHost();
    assert.equal(await tape(`setdensity ${typed}`, host, bench()), 2);
    assert.match(host.errors, why);
  }
});

Deno.test("lock holds the cartridge until it is interrupted", async () => {
  const devices = bench();
  const host = new MemoryHost();
  const locking = tape("lock", host, devices);
  for (let turn = 0; turn < 1000 && host.output === ""; turn++) await Promise.resolve();
  assert.equal(host.output, "locked\n");
  const refused = new MemoryHost();
  assert.equal(await tape("offline", refused, devices), 2);
  assert.match(refused.errors, /locked the cartridge/);
  host.interrupt();
  assert.equal(await locking, 0, host.errors);
  assert.equal(await tape("offline", new MemoryHost(), devices), 0);
});

Deno.test("unlock is no error where nothing is locked", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("unlock --json", host, bench()), 0, host.errors);
  assert.deepEqual(JSON.parse(host.output), { unlocked: true });
});

Deno.test("mkpartition divides the tape, setpartition goes to a part, and 0 makes it one again", async () => {
  const devices = bench();
  const host = new MemoryHost();
  assert.equal(await tape("mkpartition 100g --yes", host, devices), 0, host.errors);
  assert.match(host.output, /^partition 0 .*\npartition 1 +10[78]\.\d GB\n$/);
  assert.equal(await tape("setpartition 1", host, devices), 0, host.errors);
  const told = new MemoryHost();
  assert.equal(await tape("tell", told, devices), 0);
  assert.match(told.output, /^At block 0 \(.*partition 1/);
  const whole = new MemoryHost();
  assert.equal(await tape("mkpartition 0 --yes --json", whole, devices), 0, whole.errors);
  assert.deepEqual(JSON.parse(whole.output), { partitions: [{ partition: 0 }] });
  assert.equal(await tape("setpartition 1", new MemoryHost(), devices), 2);
});

Deno.test("mkpartition says how large a partition is, however small it is beside the rest", async () => {
  const devices = bench();
  const host = new MemoryHost();
  assert.equal(await tape("mkpartition 100m --yes", host, devices), 0, host.errors);
  assert.equal(host.output, "partition 0  the rest\npartition 1  104.9 MB\n");
});

Deno.test("mkpartition says how much the tape holds when the drive takes no such sizes", async () => {
  const devices = bench();
  const host = new MemoryHost();
  assert.equal(await tape("mkpartition 100t --yes", host, devices), 2);
  assert.match(
    host.errors,
    /^tape: Making partitions of rest, 110\.0 TB: the drive takes no such sizes; the tape holds 12\.0 TB$/m,
  );
});

Deno.test("mkpartition counts megabytes unless told otherwise, as mt does", () => {
  assert.deepEqual(partitionSizes(["500"]), ["rest", 5e8]);
  assert.deepEqual(partitionSizes(["500m"]), ["rest", 500 * 2 ** 20]);
  assert.deepEqual(partitionSizes(["2g", "rest", "1"]), [2 * 2 ** 30, "rest", 1e6]);
  assert.equal(partitionSizes(["0"]), undefined);
});

Deno.test("mkpartition asks on a terminal and needs --yes off one", async () => {
  for (const [typed, status] of [[undefined, 1], ["no", 2], ["yes", 0]] as const) {
    const host = new MemoryHost({ typed });
    const devices = bench();
    assert.equal(await tape("mkpartition 100g", host, devices), status, host.errors);
    assert.match(host.errors, typed === undefined ? /--yes/ : /Type yes: /);
    const after = new MemoryHost();
    assert.equal(await tape("setpartition 1", after, devices), status === 0 ? 0 : 2);
  }
});

for (
  const [line, why] of [
    ["mkpartition", /SIZE/],
    ["mkpartition x --yes", /100g or 500, or rest, but got x/],
    ["mkpartition 1 2 --yes", /one has to be the word rest/],
    ["mkpartition rest 0 --yes", /size 0/],
    ["setpartition", /N/],
    ["setdensity", /CODE/],
  ] as const
) {
  Deno.test(`${line} is bad usage`, async () => {
    const host = new MemoryHost();
    assert.equal(await tape(line, host, bench()), 1);
    assert.match(host.errors, why);
  });
}
