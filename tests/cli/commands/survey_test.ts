import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

function bench() {
  const medium = new MemoryMedium();
  const drive = new SimulatedDrive({ medium });
  return { drive, devices: new SimDevices(drive) };
}

/** READ answered with an unrecovered read error (3/11/00); the tape does not move. */
const UNRECOVERED = { key: 0x3, asc: 0x11, ascq: 0x00 };

async function run(line: string, devices: SimDevices, host = new MemoryHost()) {
  const status = await tape(line, host, devices);
  return { status, host, json: line.includes("--json") ? JSON.parse(host.output) : undefined };
}

async function writeTwoFiles(devices: SimDevices) {
  const files = { a: patternBytes(2500, 1), b: patternBytes(300, 2) };
  const host = new MemoryHost({ files });
  assert.equal(await tape("write a b -b 1000 --manifest m.json", host, devices), 0, host.errors);
  return { host, files, manifest: host.sinks.get("m.json")!.bytes };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

Deno.test("write takes several files, and puts a filemark behind each", async () => {
  const { drive, devices } = bench();
  const { host } = await writeTwoFiles(devices);
  const layout = drive.objects().map((object) => object.kind === "record" ? object.data.length : 0);
  assert.deepEqual(layout, [1000, 1000, 500, 0, 300, 0]);
  assert.match(host.errors, /4 records, 2800 bytes .* written, and 2 filemarks/);
});

Deno.test("A manifest tells name, position, records, bytes and SHA-256 of each file", async () => {
  const { devices } = bench();
  const { files, manifest } = await writeTwoFiles(devices);
  const [a, b] = JSON.parse(new TextDecoder().decode(manifest)).files;
  assert.deepEqual(a, {
    name: "a",
    position: 0,
    partition: 0,
    records: 3,
    bytes: 2500,
    paddingBytes: 0,
    sha256: sha256(files.a),
  });
  assert.deepEqual([b.name, b.position, b.sha256], ["b", 4, sha256(files.b)]);
});

/** A host on whose disk no file can be made. */
function readOnly(host: MemoryHost): MemoryHost {
  host.createFile = (path) =>
    Promise.reject(Object.assign(new Error("EROFS"), { code: "EROFS", syscall: "open", path }));
  return host;
}

Deno.test("write --manifest writes nothing when the manifest cannot be written", async () => {
  const { drive, devices } = bench();
  const host = readOnly(new MemoryHost({ files: { a: patternBytes(10) } }));
  assert.equal(await tape("write a --manifest m.json", host, devices), 2);
  assert.match(host.errors, /^tape: Failed to open m\.json: the file system is read-only$/m);
  assert.deepEqual(drive.objects(), []);
});

for (
  const [what, options, code] of [
    ["the manifest cannot be kept", "--manifest m.json", "ENOSPC"],
    ["reading back fails", "--verify", undefined],
  ] as const
) {
  Deno.test(`write says what is on the tape when ${what} behind that`, async () => {
    const { drive, devices } = bench();
    const host = new MemoryHost({ files: { a: patternBytes(200) } });
    if (code !== undefined) host.capacityBytes = 10;
    else drive.inject({ opcode: 0x08, sense: { key: 4, asc: 0x44, ascq: 0 } });
    assert.equal(await tape(`write a -b 100 ${options}`, host, devices), 2);
    assert.deepEqual(drive.objects().map(({ kind }) => kind), ["record", "record", "filemark"]);
    assert.match(host.errors, /^2 records, 200 bytes, .* written, and one filemark\ntape: /m);
  });
}

Deno.test("A manifest takes the place of no file that it is to tell of", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { a: patternBytes(10), b: patternBytes(10) } });
  assert.equal(await tape("write a b --manifest b", host, devices), 1);
  assert.match(host.errors, /^tape: --manifest b would replace the file that is to be written$/m);
  assert.deepEqual(drive.objects(), []);
  assert.equal(host.sinks.size, 0);
});

Deno.test("The manifest has the files before one that failed", async () => {
  const { drive, devices } = bench();
  drive.inject({ opcode: 0x0a, occurrence: 3, sense: { key: 3, asc: 0x0c, ascq: 0 } });
  const host = new MemoryHost({ files: { a: patternBytes(200), b: patternBytes(300) } });
  assert.equal(await tape("write a b -b 100 --manifest m.json", host, devices), 2);
  assert.match(host.errors, /^The manifest has what is whole on the tape: 1 file$/m);
  const { files } = JSON.parse(new TextDecoder().decode(host.sinks.get("m.json")!.bytes));
  assert.deepEqual(files.map(({ name }: { name: string }) => name), ["a"]);
});

Deno.test("An old manifest stays when not even the first file came to tape", async () => {
  const { drive, devices } = bench();
  drive.inject({ opcode: 0x0a, sense: { key: 3, asc: 0x0c, ascq: 0 } });
  const host = new MemoryHost({ files: { a: patternBytes(200), "m.json": patternBytes(5) } });
  assert.equal(await tape("write a --manifest m.json", host, devices), 2);
  assert.deepEqual(host.sinks.get("m.json")?.bytes, patternBytes(5));
  assert.ok(host.sinks.get("m.json")?.closed);
});

Deno.test("verify finds the files of a manifest wherever the tape stands", async () => {
  const { devices } = bench();
  const { manifest } = await writeTwoFiles(devices);
  const host = new MemoryHost({ files: { "m.json": manifest } });
  const { status } = await run("verify --manifest m.json", devices, host);
  assert.equal(status, 0, host.errors);
  assert.match(host.errors, /all 2 files are as they were written/);
});

Deno.test("verify --json lists the files, with a manifest and without", async () => {
  const { devices } = bench();
  const { manifest } = await writeTwoFiles(devices);
  const host = new MemoryHost({ files: { "m.json": manifest } });
  assert.equal(await tape("verify --manifest m.json --json", host, devices), 0, host.errors);
  const written = JSON.parse(new TextDecoder().decode(manifest)).files;
  assert.deepEqual(JSON.parse(host.output).files, written);
  await tape("rewind", new MemoryHost(), devices);
  const without = new MemoryHost();
  assert.equal(await tape("verify --json", without, devices), 0, without.errors);
  assert.equal(JSON.parse(without.output).files.length, 2);
});

Deno.test("verify compares from where the tape stands when the manifest tells no positions", async () => {
  const { devices } = bench();
  await writeTwoFiles(devices);
  const host = new MemoryHost({ files: { b: patternBytes(300, 3) } });
  assert.equal(await tape("write b b -b 1000 --manifest b.json", host, devices), 0, host.errors);
  const untold = JSON.parse(new TextDecoder().decode(host.sinks.get("b.json")!.bytes));
  for (const file of untold.files) delete file.position;
  const files = { "b.json": new TextEncoder().encode(JSON.stringify(untold)) };
  await tape("seek 6", new MemoryHost(), devices);
  const { status, host: verified } = await run(
    "verify --manifest b.json",
    devices,
    new MemoryHost({ files }),
  );
  assert.equal(status, 0, verified.errors);
});

Deno.test("verify names the file that differs from its manifest", async () => {
  const { devices } = bench();
  const { manifest } = await writeTwoFiles(devices);
  const changed = new MemoryHost({ files: { c: patternBytes(300, 3) } });
  await tape("seek 4", changed, devices);
  assert.equal(await tape("write c -b 1000", changed, devices), 0, changed.errors);
  const host = new MemoryHost({ files: { "m.json": manifest } });
  const { status } = await run("verify --manifest m.json", devices, host);
  assert.equal(status, 2);
  assert.match(host.errors, /1 of 2 files differ\nb: its bytes differ/);
});

Deno.test("verify says when a file of the manifest is not on the tape any more", async () => {
  const { devices } = bench();
  const { manifest } = await writeTwoFiles(devices);
  await tape("seek 3", new MemoryHost(), devices);
  assert.equal(await tape("weof", new MemoryHost(), devices), 0);
  const host = new MemoryHost({ files: { "m.json": manifest } });
  assert.equal((await run("verify --manifest m.json", devices, host)).status, 2);
  assert.match(host.errors, /b: it is not there/);
});

for (
  const [text, message] of [
    ["nothing of the kind", /no JSON/],
    ["{}", /no manifest/],
    ['{"format":"uiscsi-tape-manifest","version":2}', /version 2/],
    ['{"format":"uiscsi-tape-manifest","version":1,"files":[{"name":"a"}]}', /damaged/],
  ] as const
) {
  Deno.test(`verify refuses a manifest that reads ${text}`, async () => {
    const { devices } = bench();
    const host = new MemoryHost({ files: { "m.json": new TextEncoder().encode(text) } });
    assert.equal((await run("verify --manifest m.json", devices, host)).status, 2);
    assert.match(host.errors, message);
    assert.equal(devices.opened.length, 0);
  });
}

Deno.test("verify without a manifest prints the SHA-256 of each file from here on", async () => {
  const { devices } = bench();
  const { files } = await writeTwoFiles(devices);
  await tape("rewind", new MemoryHost(), devices);
  const { status, host } = await run("verify", devices);
  assert.equal(status, 0, host.errors);
  assert.deepEqual(host.output.trimEnd().split("\n").map((line) => line.split(" ")[0]), [
    sha256(files.a),
    sha256(files.b),
  ]);
});

Deno.test("verify without a manifest fails when a block could not be read, and tells of which file", async () => {
  const { drive, devices } = bench();
  await writeTwoFiles(devices);
  for (const json of ["", " --json"]) {
    await tape("rewind", new MemoryHost(), devices);
    drive.inject({ opcode: 0x08, occurrence: 2, sense: UNRECOVERED });
    const host = new MemoryHost();
    const line = `verify --read-ahead 0${json}`;
    assert.equal(await tape(line, host, devices), 2);
    assert.match(host.errors, /^tape: Verifying the tape: 1 block could not be read$/m);
    if (json === "") {
      const [first, second] = host.output.split("\n");
      assert.match(first, / file 0 .* 2 records .* 1 unreadable$/);
      assert.doesNotMatch(second, /unreadable/);
    } else assert.equal(JSON.parse(host.output).files[0].unreadable[0].object, 1);
  }
});

Deno.test("write --verify reads back and leaves the tape behind the last filemark", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { a: patternBytes(2500), b: patternBytes(10) } });
  assert.equal(await tape("write a b -b 1000 --verify", host, devices), 0, host.errors);
  assert.match(host.errors, /read back and compared/);
  assert.equal(drive.position?.object, 6);
});

Deno.test("write --verify fails when the tape gives other bytes than were written", async () => {
  const { drive, devices } = bench();
  drive.inject({ opcode: 0x08, sense: UNRECOVERED, times: 1 });
  const host = new MemoryHost({ files: { a: patternBytes(2500) } });
  assert.equal(await tape("write a -b 1000 --verify", host, devices), 2);
  assert.match(host.errors, /a: 1 of its records are unreadable/);
});

Deno.test("write --verify works in fixed-block mode, where the last block is filled up", async () => {
  const { devices } = bench();
  const host = new MemoryHost({ files: { a: patternBytes(2500) } });
  await tape("setblk 1024", host, devices);
  assert.equal(await tape("write a --verify --manifest m.json", host, devices), 0, host.errors);
  const [file] = JSON.parse(new TextDecoder().decode(host.sinks.get("m.json")!.bytes)).files;
  assert.equal(file.sha256, sha256(patternBytes(2500)));
  assert.deepEqual([file.bytes, file.paddingBytes, file.records], [2500, 572, 3]);
});

Deno.test("write opens all files before it moves the tape", async () => {
  const { drive, devices } = bench();
  const host = new MemoryHost({ files: { a: patternBytes(10) } });
  assert.equal(await tape("write a missing", host, devices), 2);
  assert.deepEqual(drive.objects(), []);
  assert.equal(devices.opened.length, 0);
});

Deno.test("map shows files, record sizes and empty files, and rewinds first", async () => {
  const { devices } = bench();
  await writeTwoFiles(devices);
  await tape("weof", new MemoryHost(), devices);
  const { status, host } = await run("map", devices);
  assert.equal(status, 0, host.errors);
  assert.deepEqual(host.output.trimEnd().split("\n").map((line) => line.replace(/ {2,}/g, "|")), [
    "FILE|BLOCK|RECORDS|BYTES|RECORD SIZES|ENDS WITH",
    "0|0|3|2500|2 x 1000, 1 x 500|filemark",
    "1|4|1|300|1 x 300|filemark",
    "2|6|0|0|none|filemark",
    "3 files, 4 records, 2800 bytes (2.8 kB)",
  ]);
});

Deno.test("map passes what cannot be read, and says where it is", async () => {
  const { drive, devices } = bench();
  await writeTwoFiles(devices);
  drive.inject({ opcode: 0x08, occurrence: 2, sense: UNRECOVERED });
  const { status, json } = await run("map --json --read-ahead 0", devices);
  assert.equal(status, 0);
  assert.deepEqual(json.files[0].unreadable.map(({ object }: { object: number }) => object), [1]);
  assert.deepEqual([json.files[0].records, json.files[0].bytes], [2, 1500]);
  assert.equal(json.files[1].position, 4);
});

for (const bad of [[3], [20, 23], [20, 21], [0]]) {
  Deno.test(`map passes what cannot be read at ${bad.join(" and ")} with READs under way behind it`, async () => {
    const { drive, devices } = bench();
    const host = new MemoryHost({ files: { a: patternBytes(40_000) } });
    assert.equal(await tape("write a -b 1000", host, devices), 0, host.errors);
    for (const object of bad) drive.addBadBlock({ object });
    const { status, host: mapped, json } = await run("map --json", devices);
    assert.equal(status, 0, mapped.errors);
    const [file] = json.files;
    assert.deepEqual(file.unreadable.map(({ object }: { object: number }) => object), bad);
    assert.equal(file.records, 40 - bad.length);
  });
}

Deno.test("map of a blank tape says so", async () => {
  const { devices } = bench();
  const { host } = await run("map", devices);
  assert.equal(host.output, "The tape holds no data from here on\n");
});

Deno.test("map --svg draws every file, with its filemark, as well-formed XML", async () => {
  const { devices } = bench();
  await writeTwoFiles(devices);
  const { host } = await run("map --svg out.svg", devices);
  const svg = new TextDecoder().decode(host.sinks.get("out.svg")!.bytes);
  assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  assert.equal(svg.match(/<title>File \d/g)?.length, 2);
  const opened = svg.match(/<(svg|text|rect|title)(\s[^>]*[^/])?>/g)?.length;
  assert.equal(opened, svg.match(/<\/(svg|text|rect|title)>/g)?.length);
});

Deno.test("map --svg reads nothing when the drawing cannot be written", async () => {
  const { drive, devices } = bench();
  await writeTwoFiles(devices);
  drive.clearCommands();
  assert.equal(await tape("map --svg out.svg", readOnly(new MemoryHost()), devices), 2);
  assert.equal(drive.commands.some(({ cdb }) => [0x01, 0x08].includes(cdb[0])), false);
});

Deno.test("map prints the map though the drawing fails", async () => {
  const { devices } = bench();
  await writeTwoFiles(devices);
  const host = new MemoryHost();
  host.capacityBytes = 10;
  assert.equal(await tape("map --svg out.svg", host, devices), 2);
  assert.match(host.output, /2 files, 4 records/);
  assert.match(host.errors, /no space left on the device/);
});

Deno.test("map --json has the map and why it failed in one document", async () => {
  const { drive, devices } = bench();
  await writeTwoFiles(devices);
  const host = new MemoryHost();
  host.capacityBytes = 10;
  assert.equal(await tape("map --svg out.svg --json", host, devices), 2);
  const { files, error } = JSON.parse(host.output);
  assert.equal(files.length, 2);
  assert.match(error.message, /no space left on the device/);
  assert.equal(error.position.object, drive.position?.object);
  const interrupted = new MemoryHost();
  interrupted.now = () => interrupted.time += 50;
  interrupted.onSleep = () => interrupted.interrupt();
  assert.equal(await tape("map --json", interrupted, devices), 2);
  const document = JSON.parse(interrupted.output);
  assert.match(document.error.message, /^Interrupted: the map ends where reading stopped$/);
  assert.ok(document.files.length > 0);
});

Deno.test("read --skip-errors leaves out what cannot be read and goes on", async () => {
  const { drive, devices } = bench();
  const { files } = await writeTwoFiles(devices);
  await tape("rewind", new MemoryHost(), devices);
  drive.inject({ opcode: 0x08, occurrence: 2, sense: UNRECOVERED });
  const { status, host } = await run("read out --skip-errors --json", devices);
  assert.equal(status, 0, host.errors);
  const expected = new Uint8Array([...files.a.slice(0, 1000), ...files.a.slice(2000)]);
  assert.deepEqual(host.sinks.get("out")!.bytes, expected);
  assert.equal(JSON.parse(host.output).unreadable[0].object, 1);
  assert.match(host.errors, /1 block could not be read: left out/);
});

Deno.test("read without --skip-errors stops at what cannot be read", async () => {
  const { drive, devices } = bench();
  await writeTwoFiles(devices);
  await tape("rewind", new MemoryHost(), devices);
  drive.inject({ opcode: 0x08, occurrence: 2, sense: UNRECOVERED });
  const { status, host } = await run("read out", devices);
  assert.equal(status, 2);
  assert.equal(host.sinks.get("out")!.bytes.length, 1000);
});
