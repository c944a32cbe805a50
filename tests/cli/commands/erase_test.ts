import assert from "node:assert/strict";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { tape } from "../sim_devices.ts";
import { bench, layout } from "./data_bench.ts";

Deno.test("weof writes one filemark, or as many as asked for, be it none", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost();
  assert.equal(await tape("weof", host, devices), 0, host.errors);
  assert.equal(await tape("eof 2 --json", host, devices), 0);
  assert.equal(await tape("weof 0", host, devices), 0);
  assert.deepEqual(layout(drive), [0, 0, 0]);
  assert.deepEqual(JSON.parse(host.output), { filemarks: 2, earlyWarning: false });
});

async function withData() {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(300) } });
  await tape("write in -b 100", host, devices);
  await tape("rewind", host, devices);
  return { drive, devices };
}

Deno.test("erase off a terminal needs --yes", async () => {
  const { drive, devices } = await withData();
  const host = new MemoryHost();
  assert.equal(await tape("erase", host, devices), 1);
  assert.match(host.errors, /needs --yes/);
  assert.deepEqual(layout(drive), [100, 100, 100, 0]);
  assert.equal(await tape("erase --yes", host, devices), 0, host.errors);
  assert.deepEqual(layout(drive), []);
});

Deno.test("erase on a terminal asks, and takes nothing but yes for yes", async () => {
  const { drive, devices } = await withData();
  for (const typed of ["", "y", "no"]) {
    const host = new MemoryHost({ typed });
    assert.equal(await tape("erase", host, devices), 2);
    assert.match(host.errors, /Erase everything.*\? Type yes: /);
  }
  assert.deepEqual(layout(drive), [100, 100, 100, 0]);
  assert.equal(await tape("erase", new MemoryHost({ typed: "yes" }), devices), 0);
  assert.deepEqual(layout(drive), []);
});

Deno.test("erase --long sends the long form", async () => {
  const { drive, devices } = await withData();
  drive.clearCommands();
  assert.equal(await tape("erase --long --yes", new MemoryHost(), devices), 0);
  const erase = drive.commands.find(({ cdb }) => cdb[0] === 0x19);
  assert.equal(erase && erase.cdb[1] & 1, 1);
});
