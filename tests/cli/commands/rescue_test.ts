import assert from "node:assert/strict";
import type { DriveQuirks } from "../../../sim/tape/drive_quirks.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

const READ = 0x08;
const UNRECOVERED = { key: 3, asc: 0x11, ascq: 0 };
const FILE = patternBytes(600);

/** Two files of six and three records, at the beginning. */
async function bench(quirks: DriveQuirks) {
  const drive = new SimulatedDrive({ medium: new MemoryMedium(), quirks });
  const devices = new SimDevices(drive);
  const host = new MemoryHost({ files: { a: FILE, b: patternBytes(300, 2) } });
  assert.equal(await tape("write a b -b 100", host, devices), 0, host.errors);
  assert.equal(await tape("rewind", host, devices), 0, host.errors);
  return { drive, devices };
}

/** The first file without one of its records. */
function without(record: number): Uint8Array {
  const [start, end] = [record * 100, record * 100 + 100];
  return new Uint8Array([...FILE.subarray(0, start), ...FILE.subarray(end)]);
}

const LINES = [
  "read out --skip-errors",
  "read out --skip-errors --read-ahead 1",
  "read out --skip-errors --read-ahead 16",
];

for (const line of LINES) {
  Deno.test(`${line}: a drive without LOCATE goes behind a bad place by SPACE`, async () => {
    for (const record of [0, 2, 5]) {
      for (const isOnce of [false, true]) {
        const { drive, devices } = await bench({ noLocate: true });
        // Once: the READs that are under way then go on behind it, over the filemark, too.
        if (isOnce) drive.inject({ opcode: READ, occurrence: record + 1, sense: UNRECOVERED });
        else drive.addBadBlock({ object: record });
        const host = new MemoryHost();
        assert.equal(await tape(line, host, devices), 0, host.errors);
        assert.match(host.errors, new RegExp(`^Left out block ${record}: READ`, "m"));
        assert.deepEqual(host.sinks.get("out")!.bytes, without(record));
        assert.equal(drive.position?.object, 7);
      }
    }
  });
}

Deno.test("map lists every bad place of a tape whose drive has no LOCATE", async () => {
  const { drive, devices } = await bench({ noLocate: true });
  for (const object of [2, 3, 8]) drive.addBadBlock({ object });
  const host = new MemoryHost();
  assert.equal(await tape("map --json", host, devices), 0, host.errors);
  const { files } = JSON.parse(host.output);
  const unreadable = files.map((file: { unreadable: { object: number }[] }) =>
    file.unreadable.map(({ object }) => object)
  );
  assert.deepEqual(unreadable, [[2, 3], [8]]);
});

for (const line of [...LINES, "map", "verify", "image save out --skip-errors --force"]) {
  Deno.test(`${line}: a drive that tells no place leaves the way behind a bad one to people, who find it`, async () => {
    const { drive, devices } = await bench({ noLocate: true, positionUnknown: true });
    drive.addBadBlock({ object: 2 });
    const host = new MemoryHost();
    assert.equal(await tape(line, host, devices), 2);
    assert.match(
      host.errors,
      /^tape: READ.* unrecovered read error; the drive does not tell where .* tape fsr RECORDS$/m,
    );
    const rest = new MemoryHost();
    for (const step of ["rewind", "asf 0", "fsr 3", "read out"]) {
      assert.equal(await tape(step, rest, devices), 0, rest.errors);
    }
    assert.deepEqual(rest.sinks.get("out")!.bytes, FILE.subarray(300));
  });
}

Deno.test("What such a drive has said of the bad place is in the document all the same", async () => {
  const { drive, devices } = await bench({ noLocate: true, positionUnknown: true });
  drive.addBadBlock({ object: 2 });
  const host = new MemoryHost();
  assert.equal(await tape("verify --json", host, devices), 2);
  const { error } = JSON.parse(host.output);
  assert.equal(error.name, "CommandFailure");
  assert.deepEqual([error.kind, error.senseKey, error.asc], ["medium-error", 3, 0x11]);
  assert.match(error.advice.join(), /The drive is simulated/);
});
