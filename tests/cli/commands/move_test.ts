import assert from "node:assert/strict";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

/** Three files of two records each: objects 0 1 F2 3 4 F5 6 7 F8, end of data at 9. */
async function bench() {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const devices = new SimDevices(drive);
  const host = new MemoryHost({ files: { in: patternBytes(200) } });
  for (let file = 0; file < 3; file++) await tape("write in -b 100", host, devices);
  await tape("rewind", host, devices);
  return { drive, devices };
}

/** Command lines from the beginning of the tape, and the object where each leaves it: mt's landing places. */
const LANDINGS: readonly (readonly [string[], number])[] = [
  [["rewind"], 0],
  [["fsf"], 3],
  [["fsf 2"], 6],
  [["fsf 0"], 0],
  [["fsf 2", "bsf"], 5],
  [["fsf 2", "bsf 2"], 2],
  [["fsr"], 1],
  [["fsr 2"], 2],
  [["fsr 2", "bsr"], 1],
  [["fsfm"], 2],
  [["fsfm 2"], 5],
  [["fsf 2", "bsfm"], 6],
  [["fsf 2", "bsfm 2"], 3],
  [["fsr 1", "asf 0"], 0],
  [["fsr 1", "asf 2"], 6],
  [["eod"], 9],
  [["eom"], 9],
  [["seek 4"], 4],
  [["seek 4", "seek 0"], 0],
  [["fsf", "retension"], 0],
];

for (const [lines, object] of LANDINGS) {
  Deno.test(`tape ${lines.join(", tape ")} lands at object ${object}`, async () => {
    const { drive, devices } = await bench();
    const host = new MemoryHost();
    for (const line of lines) assert.equal(await tape(line, host, devices), 0, host.errors);
    assert.equal(drive.position?.object, object);
    assert.equal(host.output + host.errors, "");
  });
}

Deno.test("fsr that meets a filemark fails and says where the tape stands", async () => {
  const { drive, devices } = await bench();
  const host = new MemoryHost();
  assert.equal(await tape("fsr 5", host, devices), 2);
  assert.equal(drive.position?.object, 3);
  assert.match(host.errors, /filemark/);
  assert.match(host.errors, /At block 3/);
});

Deno.test("fsf beyond the last file fails", async () => {
  const { devices } = await bench();
  const host = new MemoryHost();
  assert.equal(await tape("fsf 7", host, devices), 2);
  assert.match(host.errors, /^tape: .*end-of-data/m);
});

Deno.test("tell says where the tape stands, for people and for programs", async () => {
  const { devices } = await bench();
  const host = new MemoryHost();
  await tape("seek 4", host, devices);
  assert.equal(await tape("tell", host, devices), 0);
  assert.match(host.output, /^At block 4 \(file 1\)\.\n$/);
  const json = new MemoryHost();
  assert.equal(await tape("tell --json", json, devices), 0);
  const { position } = JSON.parse(json.output);
  assert.deepEqual([position.known, position.object, position.partition], [true, 4, 0]);
});

Deno.test("A motion with --json says where it ended", async () => {
  const { devices } = await bench();
  const host = new MemoryHost();
  assert.equal(await tape("fsf 1 --json", host, devices), 0);
  const { command, position } = JSON.parse(host.output);
  assert.deepEqual([command, position.object], ["fsf", 3]);
});

Deno.test("offline unloads, and load brings the cartridge back", async () => {
  const { drive, devices } = await bench();
  const host = new MemoryHost();
  assert.equal(await tape("offline", host, devices), 0, host.errors);
  assert.equal(drive.position === undefined, true);
  assert.equal(await tape("load", host, devices), 0, host.errors);
  assert.equal(drive.position?.object, 0);
});

Deno.test("A motion without a cartridge fails and says so", async () => {
  const host = new MemoryHost();
  assert.equal(await tape("rewind", host, new SimDevices(new SimulatedDrive())), 2);
  assert.match(host.errors, /No cartridge is in the drive/);
});
