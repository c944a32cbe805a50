import assert from "node:assert/strict";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { MediumChangedError } from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { callOffNext } from "./call_off.ts";
import { CutUnit, lost } from "./cut_unit.ts";
import { contents, fill, numbered } from "./drive_setup.ts";
import { check, UNKNOWN_COMMAND } from "./scripted.ts";

const READ_ATTRIBUTE = 0x8c;
const NOT_READY = check({ key: 2, asc: 0x3a, ascq: 0 });
const TEST_UNIT_READY = { cdb: new Uint8Array(6) };

/** A drive with a cartridge of 20 records, of which three are read. */
async function openRead(options: TapeDriveOptions = {}) {
  const medium = new MemoryMedium({ barcode: "AAA001L8" });
  const unit = new CutUnit("exact", { medium });
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve(), ...options });
  await fill(drive, Array.from({ length: 20 }, (_, i) => numbered(i)));
  for (let i = 0; i < 3; i++) await drive.read();
  return { unit, drive };
}

/** Puts another cartridge in, of which the drive has to tell yet. */
function insert({ sim }: CutUnit, barcode: string): MemoryMedium {
  const other = new MemoryMedium({ barcode });
  for (let i = 0; i < 20; i++) other.partitions[0].appendRecord(numbered(100 + i));
  sim.drive.insert(other);
  return other;
}

/** The same as the robot may while nobody is logged in: no new session hears of it. */
function exchange(unit: CutUnit, barcode: string): MemoryMedium {
  const other = insert(unit, barcode);
  const { sim } = unit;
  void sim.execute(TEST_UNIT_READY);
  return other;
}

for (const readAhead of [0, 4]) {
  Deno.test(`reads do not go on with another cartridge that was put in during an outage, read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await openRead({ readAhead });
    unit.left = 1;
    unit.meanwhile = () => void exchange(unit, "BBB002L8");
    await assert.rejects(async () => {
      for (let i = 3; i < 20; i++) {
        const result = await drive.read();
        assert.ok(result.kind === "record" && result.data[0] === i);
      }
    }, MediumChangedError);
    await assert.rejects(drive.write(numbered(99)), { kind: "position-lost" });
    await drive.rewind();
    const first = await drive.read();
    assert.equal(first.kind === "record" && first.data[0], 100);
    unit.left = 1;
    unit.meanwhile = () => {};
    const second = await drive.read();
    assert.equal(second.kind === "record" && second.data[0], 101, "the new one is known by now");
    await drive.close();
  });
}

Deno.test("another cartridge that a READ ahead was told of before the connection was lost is told once, and the next one again", async () => {
  const { unit, drive } = await openRead({ readAhead: 4 });
  insert(unit, "BBB002L8");
  await drive.read();
  for (let hops = 0; hops < 100; hops++) await Promise.resolve();
  unit.nexusLost = true;
  await assert.rejects(drive.rewind(), MediumChangedError);
  await drive.rewind();
  const first = await drive.read();
  assert.equal(first.kind === "record" && first.data[0], 100);
  unit.nexusLost = true;
  exchange(unit, "CCC003L8");
  await assert.rejects(drive.rewind(), MediumChangedError);
  await drive.rewind();
  await drive.close();
});

Deno.test("writes do not go on with another cartridge that stands at the same object", async () => {
  const { unit, drive } = await openRead();
  await drive.write(numbered(50));
  await drive.write(numbered(51));
  unit.left = 1;
  unit.meanwhile = () => {
    exchange(unit, "BBB002L8");
    void unit.sim.execute({ cdb: Uint8Array.of(0x11, 0, 0, 0, 5, 0) });
  };
  await assert.rejects(drive.write(numbered(52)), MediumChangedError);
  assert.equal(unit.sim.drive.objects().length, 20, "the other cartridge is as it was");
  await drive.close();
});

Deno.test("a cartridge that was put in behind a load() is not taken for the one that was loaded", async () => {
  const { unit, drive } = await openRead();
  await drive.unload();
  await drive.load();
  unit.nexusLost = true;
  exchange(unit, "BBB002L8");
  await assert.rejects(drive.write(numbered(50)), MediumChangedError);
  assert.equal(unit.sim.drive.objects().length, 20, "the other cartridge is as it was");
  await drive.close();
});

for (const rewound of [false, true]) {
  Deno.test(`another cartridge that a called-off command was told of is not written to: ${rewound ? "at the beginning" : "behind three records"}`, async () => {
    const { unit, drive } = await openRead();
    if (rewound) await drive.rewind();
    const other = new MemoryMedium({ barcode: "BBB002L8" });
    for (let i = 0; i < 20; i++) other.partitions[0].appendRecord(numbered(100 + i));
    unit.sim.drive.insert(other);
    const signal = callOffNext(unit);
    await assert.rejects(drive.status({ signal }), (error) => error === signal.reason);
    await assert.rejects(drive.write(numbered(50)), MediumChangedError);
    await assert.rejects(drive.write(numbered(50)), { kind: "position-lost" });
    assert.equal(unit.sim.drive.objects().length, 20, "the other cartridge is as it was");
    await drive.rewind();
    const first = await drive.read();
    assert.equal(first.kind === "record" && first.data[0], 100, "the new one is known by now");
    await drive.close();
  });
}

Deno.test("a cartridge that goes by its barcode, and is given another by the caller, is still the same", async () => {
  const { unit, drive } = await openRead();
  await drive.attributes.set({ barcode: "CCC003L8" });
  unit.left = 1;
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 3);
  await drive.close();
});

Deno.test("a drive that cannot reach a cartridge's memory recovers all the same", async () => {
  const medium = new MemoryMedium();
  const unit = new CutUnit("exact", { medium });
  unit.sim.intercept = (command) =>
    command.cdb[0] === READ_ATTRIBUTE ? Promise.resolve(UNKNOWN_COMMAND(command)) : undefined;
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  await fill(drive, [numbered(1), numbered(2)]);
  await drive.read();
  unit.left = 1;
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 2);
  assert.equal(contents(unit.sim), "1 2");
  await drive.close();
});

for (const opcode of [0x1a, READ_ATTRIBUTE]) {
  Deno.test(`load() that meets an exchange in its last questions has loaded the cartridge that is there then: ${opcode.toString(16)}h`, async () => {
    const { unit, drive } = await openRead();
    const other = new MemoryMedium({ barcode: "BBB002L8" });
    other.partitions[0].appendRecord(numbered(100));
    unit.sim.intercept = ({ cdb }) => {
      if (cdb[0] !== opcode) return undefined;
      unit.sim.intercept = undefined;
      unit.sim.drive.insert(other);
      return undefined;
    };
    await drive.load();
    assert.ok(unit.sim.intercept === undefined, "it was exchanged");
    const first = await drive.read();
    assert.equal(first.kind === "record" && first.data[0], 100);
    await drive.write(numbered(50));
    await drive.flush();
    unit.nexusLost = true;
    await drive.rewind();
    assert.equal(contents(unit.sim), "100 50");
    await drive.close();
  });
}

for (
  const [what, answer] of [["is lost", undefined], ["comes while it is out", NOT_READY]] as const
) {
  Deno.test(`a cartridge that is exchanged when the answer to the question for its name ${what} is not taken for the same`, async () => {
    const { unit, drive } = await openRead();
    unit.sim.drive.reset();
    await assert.rejects(drive.read(), { kind: "reset" });
    const execute = unit.execute.bind(unit);
    unit.execute = (command) => {
      if (command.cdb[0] !== READ_ATTRIBUTE) return execute(command);
      unit.execute = execute;
      if (answer !== undefined) return Promise.resolve(answer(command));
      unit.nexusLost = true;
      return Promise.reject(lost("unknown"));
    };
    unit.meanwhile = () => void exchange(unit, "BBB002L8");
    if (answer === undefined) await assert.rejects(drive.rewind(), { kind: "transport-lost" });
    else await drive.rewind();
    unit.nexusLost = true;
    await assert.rejects(drive.rewind(), MediumChangedError);
    await drive.rewind();
    await drive.close();
  });
}

for (const [asc, ascq] of [[0x2a, 0x11], [0xee, 0x12]]) {
  const code = `${asc.toString(16)}/${ascq.toString(16)}`;

  Deno.test(`a cartridge is known by its name also where the drive had something else to say first: ${code}`, async () => {
    const { unit, drive } = await openRead();
    await drive.unload();
    const sense = { key: 6, asc, ascq };
    // Asked before the motion and behind it.
    unit.sim.drive.inject({ opcode: READ_ATTRIBUTE, sense, occurrence: 2 });
    await drive.load();
    unit.nexusLost = true;
    exchange(unit, "BBB002L8");
    await assert.rejects(drive.erase(), MediumChangedError);
    assert.equal(unit.sim.drive.objects().length, 20);
    await drive.close();
  });
}
