import assert from "node:assert/strict";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../../../cli/host/node_host.ts";
import { run } from "../../../cli/run.ts";
import type { OpenTapeOptions } from "../../../mod.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { TapeDrive } from "../../../tape/tape_drive.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

/** Two drives: the one of `tape()`, and `sim:copy.tap`. */
class TwoDrives extends SimDevices {
  readonly #copy: SimDevices;

  constructor(first: SimulatedDrive, copy: SimulatedDrive) {
    super(first);
    this.#copy = new SimDevices(copy);
  }

  override openTape(address: string, options: OpenTapeOptions): Promise<TapeDrive> {
    return address === "sim:copy.tap"
      ? this.#copy.openTape(address, options)
      : super.openTape(address, options);
  }
}

function bench() {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const copy = new SimulatedDrive({ medium: new MemoryMedium() });
  return { drive, copy, devices: new TwoDrives(drive, copy) };
}

async function writeMixed(devices: SimDevices) {
  const host = new MemoryHost({ files: { a: patternBytes(2500, 1), b: patternBytes(300, 2) } });
  assert.equal(await tape("write a b -b 1000", host, devices), 0, host.errors);
  await tape("weof 2", host, devices);
  await tape("rewind", host, devices);
}

Deno.test("copy keeps every record and filemark as it is", async () => {
  const { drive, copy, devices } = bench();
  await writeMixed(devices);
  const host = new MemoryHost();
  assert.equal(await tape("copy sim:copy.tap", host, devices), 0, host.errors);
  assert.deepEqual(copy.objects(), drive.objects());
  assert.match(host.errors, /4 records, 2800 bytes .* copied, and 4 filemarks/);
});

Deno.test("copy --files copies so many, and leaves both tapes behind them", async () => {
  const { drive, copy, devices } = bench();
  await writeMixed(devices);
  const host = new MemoryHost();
  assert.equal(await tape("copy sim:copy.tap --files 1", host, devices), 0, host.errors);
  assert.deepEqual(copy.objects(), drive.objects().slice(0, 4));
  assert.deepEqual([drive.position?.object, copy.position?.object], [4, 4]);
});

Deno.test("copy begins where both tapes stand", async () => {
  const { drive, copy, devices } = bench();
  await writeMixed(devices);
  await tape("copy sim:copy.tap --files 1", new MemoryHost(), devices);
  await tape("seek 4", new MemoryHost(), devices);
  assert.equal(await tape("copy sim:copy.tap --files 1", new MemoryHost(), devices), 0);
  assert.deepEqual(copy.objects(), drive.objects().slice(0, 6));
});

const BAD_SECOND_READ = { opcode: 0x08, occurrence: 2, sense: { key: 0x3, asc: 0x11, ascq: 0x00 } };

Deno.test("copy --encrypted copies nothing to a drive that would write it in the clear", async () => {
  const { copy, devices } = bench();
  await writeMixed(devices);
  const host = new MemoryHost();
  assert.equal(await tape("copy sim:copy.tap --encrypted", host, devices), 2);
  assert.match(host.errors, /the drive has none that encrypts/);
  assert.deepEqual(copy.objects(), []);
});

Deno.test("copy stops at what cannot be read", async () => {
  const { drive, copy, devices } = bench();
  await writeMixed(devices);
  drive.inject(BAD_SECOND_READ);
  assert.equal(await tape("copy sim:copy.tap --read-ahead 0", new MemoryHost(), devices), 2);
  assert.deepEqual(copy.objects(), drive.objects().slice(0, 1));
});

Deno.test("copy says what of it is certainly on the tape when writing fails", async () => {
  const { copy, devices } = bench();
  await writeMixed(devices);
  copy.inject({ opcode: 0x0a, occurrence: 3, sense: { key: 3, asc: 0x0c, ascq: 0 } });
  const host = new MemoryHost();
  assert.equal(await tape("copy sim:copy.tap", host, devices), 2);
  assert.match(
    host.errors,
    /^Before that: up to 2 records, 2000 bytes.*; none of that is certainly on the tape$/m,
  );
});

Deno.test("copy --skip-errors leaves out what cannot be read", async () => {
  const { drive, copy, devices } = bench();
  await writeMixed(devices);
  drive.inject(BAD_SECOND_READ);
  const host = new MemoryHost();
  const line = "copy sim:copy.tap --read-ahead 0 --skip-errors --json";
  assert.equal(await tape(line, host, devices), 0, host.errors);
  const { unreadable } = JSON.parse(host.output);
  assert.deepEqual(unreadable.map(({ object }: { object: number }) => object), [1]);
  assert.deepEqual(copy.objects(), drive.objects().toSpliced(1, 1));
});

Deno.test("copy to itself is refused", async () => {
  const { devices } = bench();
  const host = new MemoryHost();
  assert.equal(await tape("copy sim:test.tap", host, devices), 1);
  assert.match(host.errors, /itself/);
});

const TARGET = "iqn.2026-03.com.example:tape";

for (
  const [one, other] of [
    [`iscsi://127.0.0.1/${TARGET}/0`, `iscsi://localhost:3260/${TARGET}/0`],
    [
      `iscsi://h/${TARGET}/0`,
      `iscsi://user@h/${TARGET.replace("example", "EXAMPLE")}/0?header_digest=crc32c`,
    ],
  ] as const
) {
  Deno.test(`copy from ${one} takes ${other} for the same tape`, async () => {
    const { devices } = bench();
    const host = new MemoryHost();
    assert.equal(await run(["-f", one, "copy", other], host, { devices }), 1);
    assert.match(host.errors, /itself/);
    assert.equal(devices.opened.length, 0);
  });
}

for (const other of [`iscsi://h/${TARGET}/1`, `iscsi://h/${TARGET}2/0`, "sim:test.tap"]) {
  Deno.test(`copy from LUN 0 takes ${other} for another tape`, async () => {
    const { devices } = bench();
    const host = new MemoryHost();
    const args = ["-f", `iscsi://h/${TARGET}/0`, "copy", other];
    assert.equal(await run(args, host, { devices }), 0, host.errors);
  });
}

Deno.test("copy knows a simulated drive by whichever path leads to its image", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-copy-"));
  const at = (name: string) => join(folder, name);
  try {
    await symlink(folder, at("link"));
    const args = ["-f", `sim:${at("new.tap")}`, "copy", `sim:${at("link/new.tap")}`];
    const host = new MemoryHost();
    host.realPath = nodeHost.realPath;
    assert.equal(await run(args, host, { devices: bench().devices }), 1);
    assert.match(host.errors, /itself/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
