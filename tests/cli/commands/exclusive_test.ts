import assert from "node:assert/strict";
import { Status } from "../../../scsi/status.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { HostUnit } from "../../tape/host_unit.ts";
import { MemoryHost, MemorySource, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

const REWIND = Uint8Array.of(0x01, 0, 0, 0, 0, 0);
const UNIT_ATTENTIONS = 2;

/** A tape with a file on it, and another host that rewinds it amid what the command writes behind that. */
async function disturbed(line: string) {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const devices = new SimDevices(drive);
  await tape("write in", new MemoryHost({ files: { in: patternBytes(10) } }), devices);
  const other = new HostUnit(drive, "other");
  for (let told = 0; told < UNIT_ATTENTIONS; told++) await other.execute({ cdb: REWIND });
  await tape("eod", new MemoryHost(), devices);
  let reads = 0;
  let answer: number | undefined;
  const stdin = new class extends MemorySource {
    override async read(into: Uint8Array): Promise<number> {
      if (++reads === 5) ({ status: answer } = await other.execute({ cdb: REWIND }));
      return await super.read(into);
    }
  }(patternBytes(1000), { pieces: [100] });
  const host = new MemoryHost({ stdin });
  const status = await tape(line, host, devices);
  const objects = drive.objects().length;
  return {
    status,
    answer,
    objects,
    errors: host.errors,
    again: await other.execute({ cdb: REWIND }),
  };
}

for (const how of ["reserve", "persistent"]) {
  Deno.test(`write --exclusive ${how} keeps the tape where it is, and the drive is free behind it`, async () => {
    const { status, answer, objects, errors, again } = await disturbed(
      `write - -b 100 --exclusive ${how}`,
    );
    assert.equal(status, 0, errors);
    assert.equal(answer, Status.ReservationConflict);
    assert.equal(objects, 13);
    assert.notEqual(again.status, Status.ReservationConflict);
  });
}

Deno.test("Without it another host can rewind the tape amid a file", async () => {
  const { answer, objects } = await disturbed("write - -b 100");
  assert.equal(answer, Status.Good);
  assert.ok(objects < 13);
});

Deno.test("A drive that another host has is not written to, and the message says whose it is", async () => {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const other = new HostUnit(drive, "other");
  const RESERVE = Uint8Array.of(0x16, 0, 0, 0, 0, 0);
  for (let told = 0; told <= UNIT_ATTENTIONS; told++) await other.execute({ cdb: RESERVE });
  const host = new MemoryHost({ files: { in: patternBytes(10) } });
  const status = await tape("write in --exclusive reserve", host, new SimDevices(drive));
  assert.equal(status, 2);
  assert.match(host.errors, /another host has (it )?reserved|reserved by another/i);
  assert.equal(drive.objects().length, 0);
});

Deno.test("--exclusive takes one of two words", async () => {
  const host = new MemoryHost({ files: { in: patternBytes(10) } });
  const devices = new SimDevices(new SimulatedDrive({ medium: new MemoryMedium() }));
  assert.equal(await tape("write in --exclusive yes", host, devices), 1);
  assert.match(host.errors, /reserve.*persistent/);
});

Deno.test("copy keeps others from both drives", async () => {
  const devices = new SimDevices(new SimulatedDrive({ medium: new MemoryMedium() }));
  await tape("copy sim:other.tap --exclusive reserve", new MemoryHost(), devices);
  assert.deepEqual(devices.opened.map(({ options }) => options.exclusive), ["reserve", "reserve"]);
});

Deno.test("image load keeps others from the drive", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const image = `${folder}/one.tap`;
    await Deno.writeFile(image, Uint8Array.of(2, 0, 0, 0, 7, 8, 2, 0, 0, 0, 0, 0, 0, 0));
    const drive = new SimulatedDrive({ medium: new MemoryMedium() });
    const devices = new SimDevices(drive);
    const host = new MemoryHost();
    assert.equal(
      await tape(`image load ${image} --exclusive reserve`, host, devices),
      0,
      host.errors,
    );
    assert.deepEqual(devices.opened.map(({ options }) => options.exclusive), ["reserve"]);
    assert.equal(drive.objects().length, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
