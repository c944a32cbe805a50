import assert from "node:assert/strict";
import type { ByteSource } from "../../../cli/host/host.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";
import { bench, layout } from "./data_bench.ts";

Deno.test("write warns of early warning once, and goes on", async () => {
  const drive = new SimulatedDrive({
    medium: new MemoryMedium({ capacityBytes: 100_000 }),
    earlyWarningBytes: 50_000,
  });
  const devices = new SimDevices(drive);
  const host = new MemoryHost({ files: { in: patternBytes(80_000) } });
  assert.equal(await tape("write in -b 10000", host, devices), 0, host.errors);
  assert.equal(host.errors.match(/early warning/g)?.length, 1);
  assert.equal(layout(drive).length, 9);
});

Deno.test("write says how much is on the tape when the tape is full", async () => {
  const drive = new SimulatedDrive({
    medium: new MemoryMedium({ capacityBytes: 50_000 }),
    earlyWarningBytes: 10_000,
  });
  const devices = new SimDevices(drive);
  const host = new MemoryHost({ files: { in: patternBytes(80_000) } });
  assert.equal(await tape("write in -b 10000", host, devices), 2);
  assert.match(
    host.errors,
    /Before that: up to 5 records, 50000 bytes.*; all of that is certainly on the tape/,
  );
  assert.match(host.errors, /The tape is full/);
});

/** A drive that called good what it had buffered, and then could not write it. */
const DEFERRED = { opcode: 0x0a, sense: { key: 3, asc: 0x0c, ascq: 0, deferred: true } };

for (
  const [files, occurrence, certain] of [
    ["in", 4, "none of that is"],
    ["in in", 8, "5 of these records are"],
  ] as const
) {
  Deno.test(`write ${files} says what is certain when the drive loses what it had buffered`, async () => {
    const { drive, devices } = bench();
    const host = new MemoryHost({ files: { in: patternBytes(500) } });
    drive.inject({ ...DEFERRED, occurrence });
    assert.equal(await tape(`write ${files} -b 100`, host, devices), 2);
    const taken = occurrence - 1;
    const told = `Before that: up to ${taken} records, ${taken * 100} bytes`;
    assert.ok(host.errors.includes(told), host.errors);
    assert.ok(host.errors.includes(`; ${certain} certainly on the tape\n`), host.errors);
  });
}

Deno.test("write in fixed-block mode counts blocks in what is certainly on the tape", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { in: patternBytes(2560) } });
  await tape("setblk 512", host, devices);
  drive.inject({ ...DEFERRED, occurrence: 5 });
  assert.equal(await tape("write in in -b 1024", host, devices), 2);
  assert.match(host.errors, /up to 7 records, .*; 5 of these records are certainly on the tape/);
});

Deno.test("write calls nothing certain that the drive cannot write out once the source has failed", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium(), bufferBytes: 1_000_000 });
  const host: MemoryHost = new MemoryHost({ stdin: failingAfter(4, 100) });
  const flush = { opcode: 0x10, sense: { key: 3, asc: 0x0c, ascq: 0 } };
  for (let times = 0; times < 5; times++) drive.inject(flush);
  assert.equal(await tape("write - -b 100", host, new SimDevices(drive)), 2);
  assert.match(
    host.errors,
    /^Before that: up to 4 records, .*; none of that is certainly on the tape$/m,
  );
  drive.powerCycle();
  assert.deepEqual(layout(drive), []);
});

Deno.test("read counts what the file has of it when the disk is full", async () => {
  const { devices } = bench();
  await tape("write in -b 100", new MemoryHost({ files: { in: patternBytes(1000) } }), devices);
  await tape("rewind", new MemoryHost(), devices);
  const host = new MemoryHost();
  host.capacityBytes = 350;
  assert.equal(await tape("read out", host, devices), 2);
  assert.match(host.errors, /^Before that: 3 records, 300 bytes/m);
  assert.match(host.errors, /no space left on the device/);
});

for (const command of ["read", "image save"]) {
  Deno.test(`${command} is not done before what came is stored, and counts nothing where it could not be`, async () => {
    const { devices } = bench();
    await tape("write in -b 100", new MemoryHost({ files: { in: patternBytes(1000) } }), devices);
    await tape("rewind", new MemoryHost(), devices);
    const host = new MemoryHost();
    host.isStorable = false;
    assert.equal(await tape(`${command} out`, host, devices), 2);
    assert.match(host.errors, /no space left on the device/);
    assert.doesNotMatch(host.errors, /(read|saved)$|Before that/m);
  });
}

Deno.test("a failed read says that its tape may not stand where it should when it could not be brought there", async () => {
  const { drive, devices } = bench();
  await tape("write in -b 100", new MemoryHost({ files: { in: patternBytes(1000) } }), devices);
  await tape("rewind", new MemoryHost(), devices);
  const host = new MemoryHost();
  host.capacityBytes = 150;
  const [REWIND, SPACE, LOCATE_16] = [0x01, 0x11, 0x92];
  for (const opcode of [REWIND, SPACE, LOCATE_16]) {
    drive.inject({ opcode, sense: { key: 4, asc: 0x15, ascq: 1 } });
  }
  assert.equal(
    await tape("read out --count 3 --read-ahead 4 --json", host, devices),
    2,
    host.errors,
  );
  assert.match(
    host.errors,
    /^The tape should stand: At block 3 .*; that is not certain, for closing the drive failed: Cannot go back/m,
  );
  assert.doesNotMatch(host.errors, /stands: At block/);
  assert.equal(JSON.parse(host.output).error.position, undefined);
});

Deno.test("write on a protected cartridge says so and what to do", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium({ writeProtected: true }) });
  const host = new MemoryHost({ files: { in: patternBytes(10) } });
  assert.equal(await tape("write in", host, new SimDevices(drive)), 2);
  assert.match(host.errors, /write-protected: move its switch/);
  assert.doesNotMatch(host.errors, /\n\s+at /);
});

/** Gives so many pieces, and fails then. */
function failingAfter(pieces: number, bytes: number): ByteSource {
  let left = pieces;
  return {
    sizeBytes: undefined,
    read: () => left-- > 0 ? Promise.resolve(bytes) : Promise.reject(new Error("EIO")),
    cancel: () => {},
    close: () => Promise.resolve(),
  };
}
