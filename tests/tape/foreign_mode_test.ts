/** Another host that changes the block size, and a drive that has forgotten its settings. */

import assert from "node:assert/strict";
import type { TapeError } from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, numbered, openSim } from "./drive_setup.ts";
import { FaultyLink } from "./faulty_link.ts";
import { HostUnit } from "./host_unit.ts";
import type { SimUnit } from "./sim_unit.ts";

const [READ, WRITE, POSITION, LOCATE] = [0x08, 0x0a, 0x34, 0x92];
const sleep = () => Promise.resolve();

async function writeAll(drive: TapeDrive, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await drive.write(numbered(number));
  await drive.flush();
}

const isModeChange = ({ kind }: TapeError) => kind === "mode-parameters-changed";

for (const what of ["position", "status"] as const) {
  Deno.test(`a block size that another host has set is an error, and no record is cut: ${what}() hears of it`, async () => {
    const { unit, drive } = await openSim({}, { writeBehind: 4 });
    const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), { sleep });
    await drive.rewind();
    await writeAll(drive, 1, 3);
    await other.setBlockSize(50);
    await assert.rejects(drive[what](), isModeChange);
    await drive.setBlockSize(0);
    await writeAll(drive, 4, 5);
    assert.equal(contents(unit), "1 2 3 4 5");
    await other.close();
    await drive.close();
  });
}

for (const readAhead of [0, 4]) {
  Deno.test(`nor when it is the driver's own question for the position that hears of it: read-ahead ${readAhead}`, async () => {
    const { unit, drive } = await openSim({}, { readAhead });
    const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), { sleep });
    await drive.rewind();
    await writeAll(drive, 1, 3);
    const execute = unit.execute.bind(unit);
    let isChanged = false;
    unit.execute = async (command) => {
      if (command.cdb[0] === POSITION && !isChanged) {
        isChanged = true;
        await other.setBlockSize(50);
      }
      return await execute(command);
    };
    await drive.rewind();
    const using = async () => {
      for (let read = 0; read < 3; read++) await drive.read();
      await writeAll(drive, 4, 5);
    };
    await assert.rejects(using(), isModeChange);
    assert.ok(
      unit.drive.objects().every((object) =>
        object.kind === "filemark" || object.data.length === 100
      ),
    );
    await other.close();
    await drive.close();
  });
}

for (const writeBehind of [0, 4]) {
  for (const ascq of [0x00, 0x02, 0x09, 0x10]) {
    Deno.test(`an attention after which the drive may have forgotten its key stops no write: 2A/${ascq}, write-behind ${writeBehind}`, async () => {
      const { unit, drive } = await openSim({}, { writeBehind });
      await drive.rewind();
      await drive.encryption.set({ key: new Uint8Array(32).fill(7), keyName: "k" });
      await writeAll(drive, 1, 4);
      unit.drive.inject({ opcode: WRITE, sense: { key: 6, asc: 0x2a, ascq } });
      await writeAll(drive, 5, 8);
      await drive.rewind();
      for (let number = 1; number <= 8; number++) {
        assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number) });
      }
      await drive.close();
    });
  }
}

for (const [from, to] of [[0, 50], [50, 0]]) {
  Deno.test(`writing goes on after a lost connection where the block size was changed before: from ${from} to ${to}`, async () => {
    const link = new FaultyLink(new Random(3));
    const drive = await TapeDrive.open(link, { writeBehind: 4, sleep, blockSize: from });
    await drive.rewind();
    await writeAll(drive, 1, 8);
    await drive.setBlockSize(to);
    link.left = 2;
    await writeAll(drive, 9, 13);
    const twice = (number: number, size: number) => size > 0 ? [number, number] : [number];
    const expected = Array.from({ length: 13 }, (_, at) => twice(at + 1, at < 8 ? from : to));
    assert.equal(contents(link.sim), expected.flat().join(" "));
    await drive.close();
  });
}

Deno.test("a block size that another host sets is told of by a write that finds its place first", async () => {
  const { unit, drive } = await openSim({}, { blockSize: 20 });
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), { sleep });
  await drive.rewind();
  for (let number = 1; number <= 6; number++) await drive.write(numbered(number, 20));
  await drive.locate(3);
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    if (command.cdb[0] === LOCATE) {
      unit.execute = execute;
      await other.setBlockSize(0);
    }
    return await execute(command);
  };
  await assert.rejects(drive.write(numbered(9, 40)), isModeChange);
  assert.equal(contents(unit), "1 2 3 4 5 6");
  await other.close();
  await drive.close();
});

const [MODE_SENSE, READ_ATTRIBUTE, TEST_UNIT_READY] = [0x1a, 0x8c, 0x00];

/** A drive whose next such command is preceded by another host that sets another block size. */
async function openForeign(opcode: number, options: TapeDriveOptions = {}) {
  const link = new CutUnit("exact");
  const drive = await TapeDrive.open(link, { sleep, ...options });
  const other = await TapeDrive.open(new HostUnit(link.sim.drive, "other"), { sleep });
  await drive.rewind();
  const setOther = () => {
    const execute = link.execute.bind(link);
    link.execute = async (command) => {
      if (command.cdb[0] === opcode && link.execute !== execute) {
        link.execute = execute;
        await other.setBlockSize(50);
      }
      return await execute(command);
    };
  };
  return { link, drive, other, setOther };
}

/** Whether nothing but records of 100 bytes is on the tape. */
function areWhole(unit: SimUnit): boolean {
  return unit.drive.objects().every((each) => each.kind === "record" && each.data.length === 100);
}

const FINDERS: Readonly<Record<string, (drive: TapeDrive) => Promise<void>>> = {
  "load()": (drive) => drive.load(),
  "a motion behind a reset": (drive) => drive.rewind(),
};

for (const [name, find] of Object.entries(FINDERS)) {
  for (const opcode of [MODE_SENSE, READ_ATTRIBUTE, TEST_UNIT_READY]) {
    if (name !== "load()" && opcode === TEST_UNIT_READY) continue;
    Deno.test(`a block size that another host sets is told of whatever ${name} asks then: ${opcode.toString(16)}h`, async () => {
      const { link, drive, other, setOther } = await openForeign(opcode);
      link.sim.drive.reset();
      for (const host of [drive, other]) await assert.rejects(host.rewind(), { kind: "reset" });
      setOther();
      const using = async () => {
        await find(drive);
        await writeAll(drive, 1, 3);
      };
      await assert.rejects(using(), isModeChange);
      assert.ok(areWhole(link.sim));
      await other.close();
      await drive.close();
    });
  }
}

for (const opcode of [MODE_SENSE, POSITION]) {
  Deno.test(`a block size that another host sets amid writes sent ahead stops them all: ${opcode.toString(16)}h`, async () => {
    const { link, drive, other, setOther } = await openForeign(opcode, { writeBehind: 4 });
    setOther();
    const writes = [1, 2, 3, 4, 5, 6].map((number) => drive.write(numbered(number)));
    const results = await Promise.allSettled(writes);
    const refused = results.findIndex(({ status }) => status === "rejected");
    assert.ok(refused >= 0 && isModeChange((results[refused] as PromiseRejectedResult).reason));
    assert.ok(results.slice(refused).every(({ status }) => status === "rejected"));
    assert.ok(areWhole(link.sim));
    await other.close();
    await drive.close();
  });
}

Deno.test("a block size that a READ ahead is told of is not forgotten when the caller goes elsewhere", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 4, blockSize: 20 });
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"), { sleep });
  await drive.rewind();
  for (let number = 1; number <= 20; number++) await drive.write(numbered(number, 20));
  await drive.rewind();
  for (let at = 0; at < 3; at++) await drive.read();
  await drive.rewind();
  let reads = 0;
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    if (command.cdb[0] === READ && ++reads === 3) await other.setBlockSize(10);
    return await execute(command);
  };
  for (let at = 0; at < 2; at++) await drive.read();
  while (unit.outstanding > 0 || reads < 3) await Promise.resolve();
  const using = async () => {
    await drive.locate(2);
    await drive.write(numbered(9, 20));
  };
  await assert.rejects(using(), isModeChange);
  assert.equal(unit.drive.objects().length, 20);
  await other.close();
  await drive.close();
});

Deno.test("an attention that is told while the driver tries LOCATE leaves the tape where the caller is", async () => {
  const { link, drive, other, setOther } = await openForeign(POSITION, { readAhead: 4 });
  await writeAll(drive, 1, 6);
  await drive.space("end-of-data");
  await writeAll(drive, 7, 9);
  setOther();
  await assert.rejects(drive.read(), isModeChange);
  await drive.setBlockSize(0);
  await writeAll(drive, 10, 10);
  assert.equal(contents(link.sim), "1 2 3 4 5 6 7 8 9 10");
  await other.close();
  await drive.close();
});

Deno.test("a block size that another host sets while the drive is opened is taken as it is", async () => {
  const link = new FaultyLink(new Random(3));
  const other = await TapeDrive.open(new HostUnit(link.sim.drive, "other"), { sleep });
  const execute = link.sim.execute.bind(link.sim);
  link.sim.execute = async (command) => {
    if (command.cdb[0] === READ_ATTRIBUTE) {
      link.sim.execute = execute;
      await other.setBlockSize(50);
    }
    return await execute(command);
  };
  const drive = await TapeDrive.open(link, { sleep });
  assert.equal(await drive.blockSize(), 50);
  await drive.write(numbered(1));
  await drive.flush();
  assert.equal(contents(link.sim), "1 1");
  await drive.close();
  await other.close();
});
