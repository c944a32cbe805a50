/** What an LTFS back end does with a volume of two partitions: formatting, mounting, writing data and index, sharing the drive. */

import assert from "node:assert/strict";
import { BufferMode, readBuffer } from "../../scsi/data_buffer.ts";
import { tapePersonalities } from "../../sim/personality.ts";
import { SimulatedDrive } from "../../sim/tape/drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { VirtualClock } from "../../sim/tape/virtual_clock.ts";
import {
  ReservationConflictError,
  ReservationPreemptedError,
  SpaceStoppedError,
  TapeError,
  WormViolationError,
  WriteProtectedError,
} from "../../tape/errors.ts";
import { RemovalPreventedError } from "../../tape/feature_errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { contents, numbered, openSim, type Setup } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import type { SimUnitOptions } from "./sim_unit.ts";

const [INDEX, DATA] = [0, 1];
const GB = 1e9;
const MB = 1e6;
const sleep = () => Promise.resolve();

/** A tape formatted as mkltfs does it: 1 GB for the index, the rest for the data. */
async function volume(options: SimUnitOptions = {}): Promise<Setup> {
  const setup = await openSim({
    personality: tapePersonalities["ibm-ult3580-td6"],
    capacityBytes: 10 * GB,
    earlyWarningBytes: 5 * MB,
    ...options,
  });
  await setup.drive.makePartitions([1 * GB, "rest"]);
  return setup;
}

async function assertAt(drive: TapeDrive, place: readonly number[]): Promise<void> {
  const { known, source, partition, object, file, beginningOfPartition } = await drive.position();
  assert.deepEqual([known, source, partition, object, file], [true, "device", ...place]);
  assert.equal(beginningOfPartition, object === 0);
}

Deno.test("position() is right after every locate, space and filemark, in both partitions", async () => {
  const { drive } = await volume();
  await drive.write(numbered(1));
  await drive.writeFilemarks();
  await assertAt(drive, [INDEX, 2, 1]);
  await drive.locate({ partition: DATA, object: 0 });
  await assertAt(drive, [DATA, 0, 0]);
  for (const number of [2, 3, 4]) await drive.write(numbered(number));
  await drive.writeFilemarks(2);
  await assertAt(drive, [DATA, 5, 2]);
  await drive.locate({ partition: INDEX, object: 1 });
  await assertAt(drive, [INDEX, 1, 0]);
  await drive.locate({ partition: DATA, file: 1 });
  await assertAt(drive, [DATA, 4, 1]);
  await drive.space("blocks", 0);
  await drive.space("filemarks", -1);
  await assertAt(drive, [DATA, 3, 0]);
  await drive.space("blocks", -2);
  await assertAt(drive, [DATA, 1, 0]);
  await drive.space("end-of-data");
  await assertAt(drive, [DATA, 5, 2]);
  await drive.rewind();
  await assertAt(drive, [DATA, 0, 0]);
  await drive.close();
});

Deno.test("locate() beyond the end of another partition's data stands there", async () => {
  for (const readAhead of [0, 4]) {
    const { unit, drive } = await volume();
    await drive.locate({ partition: DATA, object: 0 });
    for (const number of [1, 2, 3]) await drive.write(numbered(number));
    await drive.flush();
    const again = await TapeDrive.open(new HostUnit(unit.drive, "again"), { sleep, readAhead });
    await again.setPartition(INDEX);
    await again.read();
    await assert.rejects(again.locate({ partition: DATA, object: 77 }), (error) => {
      return error instanceof SpaceStoppedError && error.kind === "end-of-data";
    });
    await assertAt(again, [DATA, 3, 0]);
    assert.deepEqual(await again.read(), { kind: "end-of-data" });
    await again.locate({ partition: DATA, object: 1 });
    const result = await again.read();
    assert.equal(result.kind === "record" && result.data[0], 2);
    await again.close();
    await drive.close();
  }
});

Deno.test("After each format both partitions are blank, with the sizes asked for, as pages 17h and 31h say", async () => {
  const { unit, drive } = await volume();
  const expectLayout = async () => {
    const { partitions } = await drive.partitions();
    assert.deepEqual(partitions.map(({ bytes }) => bytes), [1 * GB, 9 * GB]);
    const capacity = await drive.capacity();
    assert.deepEqual(capacity.partitions.map(({ usedBytes }) => usedBytes), [0, 0]);
    assert.deepEqual(
      capacity.partitions.map(({ remainingBytes }) => remainingBytes),
      [1 * GB, 9 * GB],
    );
    const { parameters } = await drive.log(0x31);
    assert.deepEqual(parameters.map(({ code }) => code), [1, 2, 3, 4]);
    for (const partition of [INDEX, DATA]) {
      await drive.setPartition(partition);
      assert.deepEqual(await drive.read(), { kind: "end-of-data" });
      await drive.write(new Uint8Array(3 * MB));
      await drive.writeFilemarks();
    }
    const { partitions: [index, data] } = await drive.capacity();
    assert.ok(index.usedBytes! >= 3 * MB && data.usedBytes! >= 3 * MB);
  };
  await expectLayout();
  await drive.makePartitions([1 * GB, "rest"], { afresh: true });
  assert.equal(unit.drive.commands.findLast(({ cdb }) => cdb[0] === 0x04)?.cdb[2], 2);
  await expectLayout();
  await drive.format();
  assert.equal((await drive.capacity()).partitions.length, 1);
  assert.deepEqual(await drive.read(), { kind: "end-of-data" });
  await drive.close();
});

Deno.test("The pages that LTFS reads are there: alerts, performance, every mode page", async () => {
  const { drive } = await volume();
  assert.deepEqual((await drive.alerts()).active, []);
  const pages = (await drive.logPages()).map(({ page }) => page);
  for (const page of [0x02, 0x03, 0x0c, 0x11, 0x17, 0x2e, 0x31, 0x37]) {
    assert.ok(pages.includes(page), page.toString(16));
    await drive.log(page);
  }
  const { method, onRead, onWrite } = await drive.protection.status();
  assert.deepEqual([method, onRead, onWrite], ["none", false, false]);
  await drive.close();
});

Deno.test("Early warnings come in turn: programmable once, then early at each write, and the index still fits", async () => {
  for (const writeBehind of [0, 4]) {
    const setup = { capacityBytes: 40 * MB, earlyWarningBytes: 10 * MB };
    const { drive } = await openSim(setup, { writeBehind });
    await drive.setEarlyWarning(10 * MB);
    const seen: string[] = [];
    for (let written = 0; written < 36; written++) {
      const { earlyWarning, programmableEarlyWarning } = await drive.write(new Uint8Array(MB));
      const warnings = [programmableEarlyWarning && "P", earlyWarning && "E"];
      seen.push(warnings.filter(Boolean).join("") || "-");
      if (written !== 15 && written !== 25 && written !== 33) continue;
      const { endOfPartition, programmableEarlyWarning: isBeyond } = await drive.position();
      assert.deepEqual([isBeyond, endOfPartition], [written > 20, written > 30], `${written}`);
    }
    const all = seen.join("");
    assert.match(all, /^-{19,}P?-*P?-*E+$/);
    assert.equal(all.split("P").length, 2, all);
    assert.ok((await drive.writeFilemarks()).earlyWarning);
    assert.ok((await drive.write(new Uint8Array(4000))).earlyWarning);
    assert.ok((await drive.writeFilemarks()).earlyWarning);
    await drive.close();
  }
});

Deno.test("A long erase goes on by itself, and shows how far it is until all behind is gone", async () => {
  const clock = new VirtualClock();
  const sim = new SimulatedDrive({
    medium: new MemoryMedium(),
    capacityBytes: 2 * GB,
    clock: clock.now,
    timing: { wait: clock.wait },
  });
  const drive = await TapeDrive.open(new HostUnit(sim, "host"), { sleep: clock.wait });
  for (const number of [1, 2, 3]) await drive.write(numbered(number));
  await drive.locate(1);
  const told: (number | undefined)[] = [];
  const options = { long: true, onProgress: (part: number | undefined) => told.push(part) };
  await drive.erase({ ...options, progressIntervalMs: 1000 });
  assert.ok(told.length > 3, `told ${told.length} times`);
  assert.ok(told.every((part, at) => part !== undefined && part >= (told[at - 1] ?? 0)), `${told}`);
  assert.equal(told.at(-1), 1);
  assert.equal(sim.objects().length, 1);
  await drive.close();
  await sim.close();
});

Deno.test("What LTFS keeps in the cartridge's memory is written and read, of each partition its own", async () => {
  const { drive } = await volume();
  const coherency = (partition: number) => new Uint8Array(0x46).fill(partition + 1);
  await drive.attributes.set({
    applicationVendor: "UISCSI",
    applicationName: "LTFS",
    applicationVersion: "2.4.0",
    userMediumTextLabel: "archive",
    barcode: "ABC123L6",
    applicationFormatVersion: "2.4.0",
  });
  await drive.attributes.set({ volumeLocked: 0 }, { unsafe: true });
  for (const partition of [INDEX, DATA]) {
    const options = { partition, unsafe: true };
    await drive.attributes.set({ volumeCoherency: coherency(partition) }, options);
  }
  for (const partition of [INDEX, DATA]) {
    const found = await drive.attributes.get(0x080c, { partition });
    assert.deepEqual(found, coherency(partition));
  }
  assert.equal(await drive.attributes.get("applicationName"), "LTFS");
  assert.equal(await drive.attributes.get("barcode"), "ABC123L6");
  assert.equal(await drive.attributes.get(0x1623), 0);
  assert.equal(await drive.attributes.get(0x0808), undefined);
  await drive.close();
});

Deno.test("The volume change reference changes once a mount, with the first change", async () => {
  const { drive } = await volume();
  const reference = async () => Number(await drive.attributes.get(0x0009));
  await drive.unload();
  await drive.load();
  const mounted = await reference();
  await drive.rewind();
  assert.equal(await reference(), mounted, "reading changes nothing");
  await drive.write(numbered(1));
  const written = await reference();
  assert.notEqual(written, mounted);
  await drive.writeFilemarks();
  await drive.write(numbered(2));
  assert.equal(await reference(), written, "once a mount");
  await drive.unload();
  await drive.load();
  await drive.write(numbered(3));
  assert.notEqual(await reference(), written);
  await drive.close();
});

Deno.test("A second host meets the reservation, takes it over, and the first is told and stops", async () => {
  const sim = new SimulatedDrive({ medium: new MemoryMedium() });
  const exclusive = "persistent";
  const first = await TapeDrive.open(new HostUnit(sim, "first"), {
    sleep,
    exclusive,
    reservationKey: 1n,
  });
  await first.write(numbered(1));
  const blocked = new HostUnit(sim, "second");
  await assert.rejects(
    TapeDrive.open(blocked, { sleep, exclusive, reservationKey: 2n }),
    ReservationConflictError,
  );
  const key = (value: number) => [0, 0, 0, 0, 0, 0, 0, value];
  const dataOut = (...keys: number[]) => new Uint8Array([...keys, ...Array(8).fill(0)]);
  const out = async (action: number, list: Uint8Array) => {
    const cdb = Uint8Array.of(0x5f, action, 3, 0, 0, 0, 0, 0, 24, 0);
    assert.equal((await blocked.execute({ cdb, dataOut: list })).status, 0);
  };
  await out(6, dataOut(...key(0), ...key(2)));
  await out(5, dataOut(...key(2), ...key(1)));
  // The conflict goes before the unit attention, which is left for a command that another host's reservation lets through (SAM-5 §5.3.3).
  await assert.rejects(first.write(numbered(9)), ReservationConflictError);
  await assert.rejects(first.status(), (error) => error instanceof ReservationPreemptedError);
  await assert.rejects(first.write(numbered(9)), ReservationConflictError);
  const second = await TapeDrive.open(blocked, { sleep });
  await second.space("end-of-data");
  await second.write(numbered(2));
  assert.deepEqual(sim.objects().map((each) => each.kind === "record" && each.data[0]), [1, 2]);
  await first.close().catch((error) => assert.ok(error instanceof TapeError));
  await second.close();
  await sim.close();
});

Deno.test("Error history can be read, the serial number stays, and each command can be asked for", async () => {
  const { unit, drive } = await volume();
  const history = await readBuffer(unit, { mode: BufferMode.ErrorHistory }, 4096);
  assert.ok(history.length >= 32);
  const { serialNumber } = drive.info;
  assert.ok(serialNumber);
  const operations = await drive.supportedCommands();
  for (const opcode of [0x08, 0x0a, 0x82, 0x8c, 0x8d, 0x91, 0x92, 0x5f, 0xa2, 0xb5]) {
    assert.ok(operations.some((each) => each.opcode === opcode), opcode.toString(16));
  }
  await drive.unload();
  await drive.load();
  const again = await TapeDrive.open(new HostUnit(unit.drive, "again"), { sleep });
  assert.equal(again.info.serialNumber, serialNumber);
  await again.close();
  await drive.close();
});

Deno.test("A locked cartridge stays in, and is let out once it is unlocked; load() hears of the change once", async () => {
  const { unit, drive } = await volume();
  await drive.lock();
  await assert.rejects(drive.unload(), (error: TapeError) => {
    return error instanceof RemovalPreventedError && error.asc === 0x53 && error.ascq === 2;
  });
  await drive.unlock();
  await drive.unload();
  unit.drive.raiseUnitAttention(0x28, 0);
  await drive.load();
  await assertAt(drive, [INDEX, 0, 0]);
  await drive.close();
});

Deno.test("ALLOW OVERWRITE is for append-only mode alone: 05/20/0C without, once with", async () => {
  const { unit, drive } = await volume();
  await drive.setPartition(DATA);
  for (const number of [1, 2, 3]) await drive.write(numbered(number));
  await drive.rewind();
  await assert.rejects(drive.allowOverwrite("here"), (error: TapeError) => {
    return error.asc === 0x20 && error.ascq === 0x0c;
  });
  await drive.setAppendOnly(true);
  await drive.locate({ partition: DATA, object: 1 });
  await assert.rejects(drive.write(numbered(9)), (error: TapeError) => {
    return error instanceof WriteProtectedError && error.asc === 0x5a && error.ascq === 2;
  });
  await drive.allowOverwrite("here");
  await drive.write(numbered(4));
  await drive.locate({ partition: DATA, object: 0 });
  await assert.rejects(drive.write(numbered(9)), WriteProtectedError);
  await drive.space("end-of-data");
  await drive.write(numbered(5));
  const left = unit.drive.objects(DATA).map((each) => each.kind === "record" && each.data[0]);
  assert.deepEqual(left, [1, 4, 5]);
  await drive.close();
});

Deno.test("On a cartridge written once the index is added to, and nothing overwritten", async () => {
  const { unit, drive } = await openSim({ medium: new MemoryMedium({ worm: true }) });
  assert.equal((await drive.mediumProtection()).writeOnce, true);
  for (const number of [1, 2, 3]) await drive.write(numbered(number));
  await drive.writeFilemarks();
  await drive.locate(1);
  await assert.rejects(drive.write(numbered(9)), (error: TapeError) => {
    return error instanceof WormViolationError && error.asc === 0x30 && error.ascq === 0x0c;
  });
  await drive.space("end-of-data");
  await drive.write(numbered(4));
  await drive.writeFilemarks();
  assert.equal(contents(unit), "1 2 3 | 4 |");
  await drive.close();
});

Deno.test("On a protected cartridge writing and formatting are refused by name, reading is not", async () => {
  const medium = new MemoryMedium({ writeProtected: true });
  medium.partitions[0].appendRecord(numbered(7));
  const { unit, drive } = await openSim({ medium });
  assert.equal((await drive.mediumProtection()).writeProtected, true);
  assert.equal((await drive.status()).writeProtected, true);
  for (
    const use of [
      () => drive.write(numbered(1)),
      () => drive.writeFilemarks(),
      () => drive.erase(),
      () => drive.format(),
    ]
  ) await assert.rejects(use(), WriteProtectedError);
  await drive.rewind();
  const result = await drive.read();
  assert.equal(result.kind === "record" && result.data[0], 7);
  assert.equal(contents(unit), "7");
  await drive.close();
});
