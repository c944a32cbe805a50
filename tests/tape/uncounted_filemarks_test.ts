/** Some drives leave filemarks out of their numbers: what was proven over records does not hold behind a filemark. */

import assert from "node:assert/strict";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { PositionLostError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { open } from "./files_on_tape.ts";

const FILES = [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 10], [], [11, 12, 13, 14], [15, 16, 17, 18, 19]];
const OBJECTS = FILES.flatMap((file, at) => at === 0 ? file : [null, ...file]);
const NAMES = OBJECTS.map((object) => object === null ? "|" : `${object}`);

/** A drive that has not yet shown whether it counts filemarks. */
async function setUp(readAhead: number, positionLeavesFilemarksOut = true) {
  const medium = new MemoryMedium();
  const before = await openSim({ medium });
  await fill(before.drive, OBJECTS.map((object) => object === null ? null : numbered(object)));
  await before.drive.close();
  const unit = new CutUnit("exact", { medium, quirks: { positionLeavesFilemarksOut } });
  return { unit, drive: await open(unit, { readAhead, recordBytesHint: 200 }) };
}

const [REWIND, READ] = [0x01, 0x08];

type Way = readonly [name: string, go: (drive: TapeDrive) => Promise<unknown>, object: number];

const WAYS: readonly Way[] = [
  ["the beginning", () => Promise.resolve(), 0],
  ["a record that LOCATE has led to", (drive) => drive.locate(1), 1],
  ["a file that SPACE has led to", (drive) => drive.space("filemarks", 1), 9],
  ["an empty file", (drive) => drive.space("filemarks", 2), 13],
];

async function readOne(drive: TapeDrive): Promise<string> {
  const result = await drive.read();
  return result.kind === "record" ? `${result.data[0]}` : result.kind === "filemark" ? "|" : "end";
}

for (const readAhead of [0, 2, 8]) {
  for (const [name, go, object] of WAYS) {
    Deno.test(`no record is skipped where the connection is lost behind an uncounted filemark: from ${name}, read-ahead ${readAhead}`, async () => {
      const expected = [...NAMES.slice(object), "end"];
      for (let left = 1, wasLost = true; wasLost; left++) {
        const { unit, drive } = await setUp(readAhead);
        await go(drive);
        unit.left = left;
        let at = 0;
        try {
          while (at < expected.length) {
            assert.equal(await readOne(drive), expected[at++], `${left}`);
          }
        } catch (error) {
          if (!(error instanceof PositionLostError)) throw error;
        }
        wasLost = unit.reconnections > 0;
        await drive.close().catch(() => {});
      }
    });

    Deno.test(`what is written lands behind the last read, or nowhere where filemarks are not counted: from ${name}, read-ahead ${readAhead}`, async () => {
      for (let reads = 1; reads <= NAMES.length - object; reads++) {
        for (const isUncounted of [true, false]) {
          const { unit, drive } = await setUp(readAhead, isUncounted);
          await go(drive);
          for (let read = 0; read < reads; read++) await readOne(drive);
          const before = contents(unit.sim);
          const isWritten = await drive.write(numbered(99)).then(() => true, (error) => {
            assert.ok(isUncounted && error instanceof PositionLostError, `${error}`);
            return false;
          });
          const kept = [...NAMES.slice(0, object + reads), "99"].join(" ");
          assert.equal(contents(unit.sim), isWritten ? kept : before);
          await drive.close().catch(() => {});
        }
      }
    });

    Deno.test(`position() tells where the caller is, whether filemarks are counted or not: from ${name}, read-ahead ${readAhead}`, async () => {
      for (let reads = 1; reads <= NAMES.length - object; reads++) {
        for (const isUncounted of [true, false]) {
          const { drive } = await setUp(readAhead, isUncounted);
          await go(drive);
          for (let read = 0; read < reads; read++) await readOne(drive);
          const told = await drive.position();
          const passed = NAMES.slice(0, object + reads);
          const byDrive = isUncounted
            ? passed.filter((name) => name !== "|").length
            : passed.length;
          assert.ok(told.known || isUncounted);
          if (told.known) {
            assert.equal(told.object, told.source === "device" ? byDrive : passed.length);
          }
          await drive.close().catch(() => {});
        }
      }
    });
  }
}

Deno.test("reads go on before an uncounted filemark that was only read ahead", async () => {
  const { unit, drive } = await setUp(8);
  await drive.locate(1);
  for (let object = 1; object < 6; object++) await readOne(drive);
  await drive.compression();
  assert.ok(unit.sim.drive.position!.object > 9, "the tape has run ahead, over the filemark");
  unit.nexusLost = true;
  assert.equal(await readOne(drive), NAMES[6]);
  await drive.rewind();
  await drive.close();
});

Deno.test("nor is a record read twice where the filemark is the first that was read ahead", async () => {
  const { unit, drive } = await setUp(8);
  await readOne(drive);
  await readOne(drive);
  await drive.space("filemarks", 2);
  const caller = new AbortController();
  unit.sim.intercept = ({ cdb }) => {
    if (cdb[0] === READ) caller.abort();
    return undefined;
  };
  await assert.rejects(drive.read({ signal: caller.signal }), { name: "AbortError" });
  await drive.compression();
  assert.ok(unit.sim.drive.position!.object > 15, "the tape has run ahead");
  unit.nexusLost = true;
  for (const name of NAMES.slice(13)) assert.equal(await readOne(drive), name);
  await drive.close();
});

Deno.test("a second lost connection behind a counted filemark is overcome like the first", async () => {
  for (const readAhead of [1, 2, 8]) {
    const { unit, drive } = await setUp(readAhead, false);
    await drive.locate(1);
    for (const [at, name] of NAMES.entries()) {
      if (at === 0) continue;
      unit.nexusLost = at === 5 || at === 11;
      assert.equal(await readOne(drive), name, `${readAhead}`);
    }
    assert.equal(unit.reconnections, 2);
    await drive.close();
  }
});

Deno.test("blocks before the first filemark of a run have their numbers: the way back to them is no rewind", async () => {
  for (const [files, object] of [[0, 0], [1, 9], [3, 14]]) {
    const medium = new MemoryMedium();
    const { drive: writer } = await openSim({ medium });
    await fill(writer, OBJECTS.map((object) => object === null ? null : numbered(object)));
    await writer.close();
    const { unit, drive } = await openSim({ medium }, { readAhead: 8, blockSize: 100 });
    await drive.rewind();
    if (files > 0) await drive.space("filemarks", files);
    unit.drive.clearCommands();
    await readOne(drive);
    await drive.position();
    await drive.space("blocks", -1);
    await drive.write(numbered(99));
    assert.ok(!unit.opcodes().includes(REWIND));
    assert.equal(contents(unit), [...NAMES.slice(0, object), "99"].join(" "));
    await drive.close();
  }
});
