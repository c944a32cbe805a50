import assert from "node:assert/strict";
import { tapePersonalities } from "../../sim/personality.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { ResetError, type TapeError, TransportLostError } from "../../tape/errors.ts";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { hex } from "../scsi/fake_unit.ts";
import { callOffNext } from "./call_off.ts";
import { CutUnit } from "./cut_unit.ts";
import { numbered, openSim } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import { good, script } from "./scripted.ts";

Deno.test("A tape is divided, written in both parts, and made one again", async () => {
  const { drive } = await openSim({ capacityBytes: 100e9 });
  await drive.rewind();
  await drive.write(numbered(9));
  assert.deepEqual(await drive.makePartitions([2e9, "rest"]), {
    maximum: 4,
    partitions: [{ partition: 0, bytes: 2e9 }, { partition: 1, bytes: 98e9 }],
  });
  assert.deepEqual(await drive.read(), { kind: "end-of-data" });
  await drive.write(numbered(1));
  await drive.setPartition(1);
  assert.equal((await drive.position()).partition, 1);
  await drive.write(numbered(2));
  await drive.locate({ partition: 0, object: 0 });
  const first = await drive.read();
  assert.equal(first.kind === "record" && first.data[0], 1);
  await drive.setPartition(1);
  await drive.format();
  assert.equal((await drive.position()).partition, 0);
  assert.equal((await drive.partitions()).partitions.length, 1);
  await drive.close();
});

const FORMAT_MEDIUM = 0x04;

/** What is done behind it, and the partitions that there are then. */
const BEHIND_A_STOPPED_ONE: readonly [string, (host: TapeDrive) => Promise<unknown>, number[]][] = [
  ["nothing", () => Promise.resolve(), [1]],
  ["format()", (host) => host.format(), [1]],
  ["makePartitions()", (host) => host.makePartitions([3e9, 4e9, "rest"]), [3, 3e9, 4e9, 93e9]],
  ["undivided", (host) => host.makePartitions(["rest"]), [1]],
];

for (const [name, then, [count, ...bytes]] of BEHIND_A_STOPPED_ONE) {
  for (const who of ["the same host", "another host"]) {
    Deno.test(`makePartitions() that is cut off before the drive formats divides nothing, nor what comes behind it: ${name}, ${who}`, async () => {
      const unit = new CutUnit("exact", { capacityBytes: 100e9 });
      const sleep = () => Promise.resolve();
      const drive = await TapeDrive.open(unit, { sleep });
      const host = new HostUnit(unit.sim.drive, "other");
      const other = who === "another host" ? await TapeDrive.open(host, { sleep }) : drive;
      await drive.write(numbered(9));
      const execute = unit.execute.bind(unit);
      unit.execute = (command) => {
        if (command.cdb[0] === FORMAT_MEDIUM) unit.left = 1;
        return execute(command);
      };
      await assert.rejects(drive.makePartitions([1e9, "rest"]), TransportLostError);
      unit.execute = execute;
      await other.rewind();
      assert.equal((await other.read()).kind, "record");
      await then(other);
      const { partitions, state } = unit.sim.drive.medium!;
      assert.deepEqual([partitions.length, ...state.partitionBytes ?? []], [count, ...bytes]);
      if (other !== drive) await other.close();
      await drive.close();
    });
  }
}

/** Two partitions of four records each, with the caller in the second. */
async function openDivided() {
  const unit = new CutUnit("exact");
  unit.sim.drive.medium!.format(2);
  const drive = await TapeDrive.open(unit, { sleep: () => Promise.resolve() });
  for (const partition of [0, 1]) {
    await drive.setPartition(partition);
    for (let i = 0; i < 4; i++) await drive.write(numbered(10 * partition + i));
    await drive.flush();
  }
  return { unit, drive };
}

Deno.test("Behind a reset, which leads into the first partition, reads resume in that one", async () => {
  const { unit, drive } = await openDivided();
  unit.sim.drive.reset();
  await assert.rejects(drive.read(), ResetError);
  await drive.locate(0);
  for (const number of [0, 1, 2, 3]) {
    unit.left = number === 1 ? 1 : Infinity;
    const next = await drive.read();
    assert.equal(next.kind === "record" && next.data[0], number);
  }
  await drive.close();
});

Deno.test("Beyond the end of data of another partition reads resume in that one", async () => {
  const { unit, drive } = await openDivided();
  await drive.setPartition(0);
  await assert.rejects(drive.locate({ object: 9, partition: 1 }), { kind: "end-of-data" });
  await drive.rewind();
  unit.left = 1;
  const next = await drive.read();
  assert.equal(next.kind === "record" && next.data[0], 10);
  await drive.close();
});

Deno.test("Behind a reset errors name the partition that the drive has rewound", async () => {
  const { unit, drive } = await openDivided();
  unit.sim.drive.reset();
  await assert.rejects(drive.read(), ResetError);
  await drive.rewind();
  unit.sim.drive.inject({ opcode: 0x08, sense: { key: 5, asc: 0x24, ascq: 0 } });
  await assert.rejects(drive.read(), ({ position }: TapeError) => {
    assert.deepEqual([position?.partition, position?.object], [0, 0]);
    return true;
  });
  await drive.close();
});

Deno.test("An outage in which the drive was reset does not lead a lost caller into another partition", async () => {
  const { unit, drive } = await openDivided();
  unit.sim.drive.inject({ opcode: 0x11, sense: { key: 3, asc: 0x11, ascq: 0 } });
  await assert.rejects(drive.space("blocks", -1), { kind: "medium-error" });
  unit.nexusLost = true;
  unit.sim.drive.powerCycle();
  await unit.sim.execute({ cdb: new Uint8Array(6) });
  await drive.rewind();
  assert.equal((await drive.position()).partition, 1);
  await drive.close();
});

Deno.test("A reset that a command was told which was called off leads no motion into another partition", async () => {
  const { unit, drive } = await openDivided();
  await drive.rewind();
  await drive.position();
  unit.sim.drive.reset();
  const signal = callOffNext(unit);
  await assert.rejects(drive.blockSize({ signal }), /enough/);
  await assert.rejects(drive.locate(2), { kind: "position-lost" });
  await drive.setPartition(1);
  await drive.close();
});

Deno.test("The page goes out as LTFS-like software sends it: gigabytes, and the rest for one", async () => {
  const { unit, drive } = await openSim();
  const page = "11 08 03 00 1c 03 09 00 0000 0000";
  const seen = script(unit, {
    0x1a: [
      good(hex(`0d 00 10 00 ${page.slice(0, 27)} 0000`)),
      good(hex(`0d 58 10 00 ${page.slice(0, 27)} 0000`)),
    ],
    0x15: [good()],
    0x04: [good()],
  });
  await drive.makePartitions([1e9, "rest"]);
  const select = seen.find(({ cdb }) => cdb[0] === 0x15)!;
  assert.deepEqual(select.dataOut, hex("00 58 10 00 11 0a 03 01 3c 03 09 00 0001 ffff"));
  assert.deepEqual(seen.find(({ cdb }) => cdb[0] === 0x04)?.cdb, hex("04 00 01 0000 00"));
  unit.intercept = undefined;
  await drive.close();
});

Deno.test("Sizes go out in the finest unit that holds them, rounded up", async () => {
  for (
    const [bytes, units, size] of [[1_500_000_000, 9, 2], [65_534, 0, 65_534], [
      65_535,
      1,
      6554,
    ]] as const
  ) {
    const { unit, drive } = await openSim();
    const seen = script(unit, {
      0x1a: [good(hex("0d 00 10 00 11 08 03 00 1c 03 09 00 0000"))],
      0x15: [good()],
      0x04: [good()],
    });
    await drive.makePartitions(["rest", bytes]);
    const { dataOut } = seen.find(({ cdb }) => cdb[0] === 0x15)!;
    assert.deepEqual([dataOut![10], (dataOut![14] << 8) | dataOut![15]], [units, size]);
    unit.intercept = undefined;
    await drive.close();
  }
});

Deno.test("Partitions that cannot be are refused before anything is sent", async () => {
  const { unit, drive } = await openSim();
  const invalid = (error: unknown) => (error as TapeError).kind === "invalid-argument";
  await assert.rejects(drive.makePartitions([]), invalid);
  await assert.rejects(drive.makePartitions([1e9]), invalid);
  await assert.rejects(drive.makePartitions(["rest", "rest"]), invalid);
  await assert.rejects(drive.makePartitions([0, "rest"]), invalid);
  await assert.rejects(drive.makePartitions([1e9, 1e9, 1e9, 1e9, "rest"]), UnsupportedError);
  assert.ok(!unit.opcodes().includes(0x15) && !unit.opcodes().includes(0x04));
  await drive.close();
});

Deno.test("A drive without partitions says so", async () => {
  const { drive } = await openSim({ personality: tapePersonalities["quantum-dlt8000"] });
  await assert.rejects(drive.makePartitions([1e9, "rest"]), UnsupportedError);
  await drive.close();
});

Deno.test("position() on a drive that does not know where it is tells the partition that the driver has gone to", async () => {
  const medium = new MemoryMedium();
  medium.format(2);
  const { drive } = await openSim({ medium, quirks: { positionUnknown: true } });
  await drive.setPartition(1);
  const { known, object, partition, source } = await drive.position();
  assert.deepEqual({ known, object, partition, source }, {
    known: true,
    object: 0,
    partition: 1,
    source: "counted",
  });
  await drive.close();
});
