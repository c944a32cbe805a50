import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "../../../cli/run.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, MemorySource, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

const RECORDS = 200;

/** Time passes, and a signal is heard where the program waits for the system, and nowhere else. */
class SignalledHost extends MemoryHost {
  override onSleep = () => this.interrupt();

  override now(): number {
    return this.time += 10;
  }
}

function blankDrive(): SimulatedDrive {
  return new SimulatedDrive({ medium: new MemoryMedium() });
}

/** Two simulated drives, of which the first has a tape of many records, at its beginning. */
async function bench() {
  const [drive, copy] = [blankDrive(), blankDrive()];
  const devices = new SimDevices(drive);
  const copies = new SimDevices(copy);
  const openFirst = devices.openTape.bind(devices);
  devices.openTape = (address, options) =>
    address === "sim:copy.tap" ? copies.openTape(address, options) : openFirst(address, options);
  const host = new MemoryHost({ files: { data: patternBytes(100 * RECORDS) } });
  assert.equal(await tape("write data -b 100", host, devices), 0, host.errors);
  assert.equal(await tape("rewind", host, devices), 0);
  return { drive, copy, devices };
}

/** An image for `image load`, which reads it from the host or from the disk. */
const IMAGE = join(tmpdir(), `tape-interruption-${process.pid}.tap`);

async function savedImage(devices: SimDevices): Promise<Uint8Array> {
  const host = new MemoryHost();
  await tape("image save image.tap --force", host, devices);
  await tape("rewind", new MemoryHost(), devices);
  return host.sinks.get("image.tap")?.bytes ?? new Uint8Array(0);
}

/** Runs `use` while the image is a file, too. */
async function onDisk<T>(
  files: Readonly<Record<string, Uint8Array>>,
  use: () => Promise<T>,
): Promise<T> {
  await writeFile(IMAGE, files[IMAGE]);
  try {
    return await use();
  } finally {
    await rm(IMAGE);
  }
}

const COMMANDS = [
  "read out",
  "read out --skip-errors",
  "verify",
  "map",
  "copy sim:copy.tap",
  "image save out.tap --force",
  `image load ${IMAGE} --yes --from-here`,
  "write data -b 100",
];

for (const line of COMMANDS) {
  Deno.test(`${line.replace(IMAGE, "FILE")}: a signal is heard between records though the drive never waits for anything`, async () => {
    const { drive, devices } = await bench();
    const files = { data: patternBytes(100 * RECORDS), [IMAGE]: await savedImage(devices) };
    const host = new SignalledHost({ files });
    assert.equal(await onDisk(files, () => tape(line, host, devices)), 2, host.errors);
    assert.match(host.errors, /Stopping after this record; interrupt again to give up at once/);
    assert.match(host.errors, /^tape: Interrupted: /m);
    const stands = /stands: At block (\d+)/.exec(host.errors)?.[1];
    assert.equal(Number(stands), drive.position?.object, host.errors);
    assert.ok(Number(stands) > 0 && Number(stands) < RECORDS, host.errors);
    assert.doesNotMatch(host.errors, /not expected/);
    assert.equal(host.listeners, 0);
  });
}

Deno.test("An interrupted copy says where both tapes stand, to people and to programs", async () => {
  const { drive, copy, devices } = await bench();
  await tape("seek 5", new MemoryHost(), devices);
  const host = new SignalledHost();
  assert.equal(await tape("copy sim:copy.tap", host, devices), 2);
  const [read, written] = [drive.position?.object, copy.position?.object];
  assert.equal(read, (written ?? 0) + 5);
  assert.match(host.errors, new RegExp(`^The tape that is read stands: At block ${read} `, "m"));
  assert.match(
    host.errors,
    new RegExp(`^The tape that is written stands: At block ${written} `, "m"),
  );
  await tape("rewind", new MemoryHost(), devices);
  const program = new SignalledHost();
  assert.equal(await tape("--json copy sim:copy.tap", program, devices), 2);
  const { error } = JSON.parse(program.output);
  assert.deepEqual(
    [error.position.object, error.destinationPosition.object],
    [drive.position?.object, copy.position?.object],
  );
});

Deno.test("What fails on the other tape of a copy is told as what it is", async () => {
  const { copy, devices } = await bench();
  copy.insert(new MemoryMedium({ writeProtected: true }));
  const host = new MemoryHost();
  assert.equal(await tape("copy sim:copy.tap", host, devices), 2);
  assert.match(host.errors, /write.protect/i);
  assert.doesNotMatch(host.errors, /not expected/);
});

Deno.test("An interrupted map is printed, and its exit status says that it is none of the whole tape", async () => {
  const { devices } = await bench();
  const host = new SignalledHost();
  assert.equal(await run(["-f", "sim:test.tap", "map"], host, { devices }), 2);
  assert.match(host.output, /^0 +0 .*interrupted$/m);
});

Deno.test("A source that the same signal has ended makes no whole file", async () => {
  const { drive, devices } = await bench();
  const source = new MemorySource(patternBytes(1000));
  const host = new MemoryHost({ stdin: source });
  host.onSleep = () => host.interrupt();
  assert.equal(await tape("write - -b 100", host, devices), 2);
  assert.match(host.errors, /Interrupted: 10 records, 1000 bytes .*, no filemark/);
  assert.deepEqual(drive.objects().map(({ kind }) => kind), Array(10).fill("record"));
});

Deno.test("The end of a file, which no signal brings, is not waited behind", async () => {
  const { drive, devices } = await bench();
  const host = new MemoryHost({ files: { one: patternBytes(100), two: patternBytes(100) } });
  host.onSleep = (milliseconds) => assert.equal(milliseconds, 0);
  assert.equal(await tape("write one two -b 100", host, devices), 0, host.errors);
  const kinds = drive.objects().map(({ kind }) => kind);
  assert.deepEqual(kinds, ["record", "filemark", "record", "filemark"]);
});

Deno.test("An interruption is an answer to a question", async () => {
  const { drive, devices } = await bench();
  const before = drive.objects().length;
  const host = new MemoryHost({ typed: "" });
  host.readLine = (signal) => {
    host.interrupt();
    return Promise.reject(signal.reason);
  };
  assert.equal(await tape("erase", host, devices), 2);
  assert.match(host.errors, /Type yes: \n.*tape:.* Interrupted: the command was given up/);
  assert.equal(drive.objects().length, before);
});
