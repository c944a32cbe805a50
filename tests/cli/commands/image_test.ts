import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHost } from "../../../cli/host/node_host.ts";
import { run } from "../../../cli/run.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, type MemoryHostOptions, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

function bench() {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  return { drive, devices: new SimDevices(drive) };
}

/** 1000, 1000, 500, filemark, 301, filemark, filemark. */
async function writeMixed(devices: SimDevices): Promise<void> {
  const host = new MemoryHost({ files: { a: patternBytes(2500, 1), b: patternBytes(301, 2) } });
  assert.equal(await tape("write a b -b 1000", host, devices), 0, host.errors);
  assert.equal(await tape("weof", host, devices), 0);
}

async function ok(line: string, devices: SimDevices, options: MemoryHostOptions = {}) {
  const host = new MemoryHost(options);
  assert.equal(await tape(line, host, devices), 0, host.errors);
  return host;
}

/** The image of {@link writeMixed}. */
async function mixedImage(): Promise<Uint8Array> {
  const { devices } = bench();
  await writeMixed(devices);
  return (await ok("image save out.tap", devices)).sinks.get("out.tap")!.bytes;
}

Deno.test("image save and image load keep every record and filemark as it is", async () => {
  const from = bench();
  await writeMixed(from.devices);
  const saved = await ok("image save out.tap", from.devices);
  assert.match(saved.errors, /4 records, 2801 bytes .* and 3 filemarks saved/);
  const to = bench();
  const files = { "out.tap": saved.sinks.get("out.tap")!.bytes };
  const loaded = await ok("image load out.tap", to.devices, { files });
  assert.match(loaded.errors, /4 records, 2801 bytes .* and 3 filemarks loaded/);
  assert.deepEqual(to.drive.objects(), from.drive.objects());
});

Deno.test("image save --from-here saves what follows, and - is standard output", async () => {
  const { devices } = bench();
  await writeMixed(devices);
  await ok("asf 1", devices);
  const { output, stdout } = await ok("image save - --from-here", devices);
  assert.ok(output.length > 0);
  assert.equal(stdout.bytes.length, 4 + 302 + 4 + 4 + 4);
});

Deno.test("image save refuses to overwrite without --force", async () => {
  const { devices } = bench();
  await writeMixed(devices);
  const files = { "out.tap": new Uint8Array(3) };
  const host = new MemoryHost({ files });
  assert.equal(await tape("image save out.tap", host, devices), 2);
  assert.match(host.errors, /^tape: Saving to out\.tap: it exists; --force overwrites it\n/);
  assert.equal(host.sinks.size, 0);
  const forced = await ok("image save out.tap --force --json", devices, { files });
  assert.deepEqual(forced.sinks.get("out.tap")?.bytes, await mixedImage());
  assert.equal(JSON.parse(forced.output).saved.records, 4);
});

const BAD_SECOND_READ = { opcode: 0x08, occurrence: 2, sense: { key: 0x3, asc: 0x11, ascq: 0x00 } };

Deno.test("image save stops at what cannot be read, and keeps what came before", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  drive.inject(BAD_SECOND_READ);
  const host = new MemoryHost();
  assert.equal(await tape("image save out.tap --read-ahead 0", host, devices), 2);
  assert.equal(host.sinks.get("out.tap")?.bytes.length, 1008);
  assert.match(host.errors, /Before that: 1 record, .*; out\.tap is not the whole tape/);
});

Deno.test("image save --skip-errors marks what cannot be read, and image load needs --salvage for it", async () => {
  const from = bench();
  await writeMixed(from.devices);
  from.drive.inject(BAD_SECOND_READ);
  const host = await ok("image save out.tap --read-ahead 0 --skip-errors", from.devices);
  assert.match(host.errors, /1 block could not be read/);
  const files = { "out.tap": host.sinks.get("out.tap")!.bytes };
  const { devices, drive } = bench();
  const refused = new MemoryHost({ files });
  assert.equal(await tape("image load out.tap", refused, devices), 2);
  assert.match(refused.errors, /1 damaged record; --salvage/);
  assert.deepEqual(drive.objects(), []);
  await ok("image load out.tap --salvage", devices, { files });
  assert.deepEqual(drive.objects(), from.drive.objects().toSpliced(1, 1));
  const inspected = await ok("image inspect out.tap", devices, { files });
  assert.match(inspected.output, /1 unreadable/);
});

Deno.test("An interruption ends image save and image load at a record", async () => {
  const { drive, devices } = bench();
  await writeMixed(devices);
  const image = await mixedImage();
  for (
    const [line, opcode] of [["image save out.tap --read-ahead 0", 0x08], [
      "image load in.tap --yes",
      0x0a,
    ]] as const
  ) {
    const host = new MemoryHost({ files: { "in.tap": image } });
    let seen = 0;
    const execute = drive.execute.bind(drive);
    drive.execute = (task) => {
      if (task.cdb[0] === opcode && ++seen === 2) host.interrupt();
      return execute(task);
    };
    assert.equal(await tape(line, host, devices), 2);
    drive.execute = execute;
    assert.match(host.errors, /Interrupted: 2 records, 2000 bytes/);
    assert.match(host.errors, /The tape stands: At block 2/);
  }
});

Deno.test("image load overwrites a tape that is not blank only when somebody says so", async () => {
  const files = { "in.tap": await mixedImage() };
  for (
    const [typed, options, status] of [[undefined, "", 1], ["no", "", 2], ["yes", "", 0], [
      undefined,
      " --yes",
      0,
    ]] as const
  ) {
    const { drive, devices } = bench();
    await ok("write a", devices, { files: { a: patternBytes(10) } });
    const before = drive.objects();
    const host = new MemoryHost({ files, typed });
    assert.equal(await tape(`image load in.tap${options}`, host, devices), status, host.errors);
    assert.equal(drive.objects().length, status === 0 ? 7 : before.length);
  }
});

Deno.test("image load --from-here adds to what is there", async () => {
  const { drive, devices } = bench();
  await ok("write a", devices, { files: { a: patternBytes(10) } });
  await ok("image load in.tap --from-here", devices, { files: { "in.tap": await mixedImage() } });
  assert.equal(drive.objects().length, 2 + 7);
});

Deno.test("image load refuses, before it writes anything, what would not be the same tape", async () => {
  const image = await mixedImage();
  const files = {
    "cut.tap": image.subarray(0, 1500),
    "text.tap": new TextEncoder().encode("This file is no tape image at all"),
    "good.tap": image,
  };
  for (
    const [line, why] of [
      [
        "image load cut.tap",
        /^tape: Loading cut\.tap: from byte 1008 on it is cut within a record of 1000 bytes; --salvage/,
      ],
      ["image load text.tap", /^tape: Cannot use text\.tap as a tape image/],
      ["image load missing.tap", /no such file/],
      ["image load good.tap --format aws", /AWSTAPE/],
    ] as const
  ) {
    const { drive, devices } = bench();
    const host = new MemoryHost({ files });
    assert.equal(await tape(line, host, devices), 2);
    assert.match(host.errors, why);
    assert.deepEqual(drive.objects(), []);
  }
  const { drive, devices } = bench();
  await ok("image load cut.tap --salvage", devices, { files });
  assert.equal(drive.objects().length, 1);
  await ok("setblk 512", devices);
  const fixed = new MemoryHost({ files });
  assert.equal(await tape("image load good.tap --yes", fixed, devices), 2);
  assert.match(fixed.errors, /tape setblk 0/);
});

Deno.test("image inspect shows the layout without a drive", async () => {
  const image = await mixedImage();
  const host = new MemoryHost({ files: { "a.tap": image, "cut.tap": image.subarray(0, 1500) } });
  assert.equal(await run(["image", "inspect", "a.tap"], host), 0, host.errors);
  assert.deepEqual(
    host.output.split("\n").map((line) => line.trimEnd()),
    [
      "Format: SIMH .tap",
      "FILE  BLOCK  RECORDS  BYTES  RECORD SIZES      ENDS WITH",
      "0     0      3        2500   2 x 1000, 1 x 500  filemark".replace(
        "SIZES      ",
        "SIZES       ",
      ),
      "1     4      1        301    1 x 301            filemark",
      "2     6      0        0      none               filemark",
      "3 files, 4 records, 2801 bytes (2.8 kB)",
      "",
    ].map((line) => line.replace("SIZES      ENDS", "SIZES       ENDS")),
  );
  const json = new MemoryHost({ files: { "cut.tap": image.subarray(0, 1500) } });
  assert.equal(await run(["image", "inspect", "cut.tap", "--json"], json), 2);
  const { image: survey } = JSON.parse(json.output);
  assert.deepEqual([survey.files.length, survey.cut.offset], [1, 1008]);
  assert.match(json.errors, /^tape: Inspecting cut\.tap: from byte 1008 on/);
});

Deno.test("An image goes from a file to a sim: drive and back, and inspecting it leaves the drive where it stands", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-image-"));
  const at = (name: string) => join(folder, name);
  const done = async (...args: string[]) => {
    const host = new MemoryHost();
    const { openFile, createFile } = nodeHost;
    Object.assign(host, { openFile, createFile });
    assert.equal(await run(args, host), 0, host.errors);
    return host.output;
  };
  try {
    const image = await mixedImage();
    await writeFile(at("in.tap"), image);
    const device = `sim:${at("drive.tap")}`;
    await done("-f", device, "image", "load", at("in.tap"));
    await done("-f", device, "asf", "1");
    assert.match(await done("image", "inspect", at("drive.tap")), /4 records/);
    assert.match(await done("-f", device, "tell"), /At block 4 /);
    await done("-f", device, "image", "save", at("out.tap"));
    assert.deepEqual(new Uint8Array(await readFile(at("out.tap"))), image);
  } finally {
    await rm(folder, { recursive: true });
  }
});
