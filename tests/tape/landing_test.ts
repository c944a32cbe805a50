import assert from "node:assert/strict";
import { PositionLostError, TapeError } from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, fill, numbered, openSim } from "./drive_setup.ts";
import { SimUnit } from "./sim_unit.ts";

/** What istgt makes of a filemark that SPACE over blocks or LOCATE has led to. */
const QUIRKS = {
  missesFilemarkAfterMotion: true,
  positionOffByOneAfterMotion: true,
  spaceIgnoresFilemarks: true,
  spaceShortAfterRewind: true,
  noLocate16: true,
};

/** Five files of which one is empty, and one record behind the last filemark. */
const TAPE = [1, 2, 3, null, 4, null, 5, 6, null, null, 7, null, 8]
  .map((number) => number === null ? null : numbered(number));
const MARKS = TAPE.flatMap((object, at) => object === null ? [at] : []);

const [LOCATE_10, SPACE, REWIND, READ, READ_POSITION] = [0x2b, 0x11, 0x01, 0x08, 0x34];
const NO_BYTES = new Uint8Array(0);

async function filled(options: TapeDriveOptions = {}) {
  const setup = await openSim({ quirks: QUIRKS }, { recordBytesHint: 200, ...options });
  await fill(setup.drive, TAPE);
  return setup;
}

/** What is read from here to the end: the first byte of each record, 0 for a filemark. */
async function readOn(drive: TapeDrive): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const result = await drive.read();
    if (result.kind === "end-of-data") return seen;
    seen.push(result.kind === "record" ? result.data[0] : 0);
  }
}

function from(object: number): number[] {
  return TAPE.slice(object).map((each) => each === null ? 0 : each[0]);
}

/** The ways before an object: from the beginning over blocks, backwards, and to the number that the drive gave it. */
const WAYS: Readonly<Record<string, (drive: TapeDrive, object: number) => Promise<unknown>>> = {
  "SPACE forwards": (drive, object) => drive.space("blocks", object),
  "SPACE backwards": async (drive, object) => {
    for (let read = 0; read <= object; read++) await drive.read();
    await drive.space("blocks", -1);
  },
  "LOCATE": async (drive, object) => {
    for (let read = 0; read < object; read++) await drive.read();
    const { object: number } = await drive.position();
    await drive.rewind();
    await drive.locate(number!);
  },
};

for (const [way, go] of Object.entries(WAYS)) {
  for (const readAhead of [0, 4]) {
    Deno.test(`no file is skipped that lies behind a filemark which ${way} has led to, read-ahead ${readAhead}`, async () => {
      for (const mark of MARKS) {
        const { drive } = await filled({ readAhead });
        await go(drive, mark);
        assert.deepEqual(await readOn(drive), from(mark), `object ${mark}`);
        await drive.close();
      }
    });

    Deno.test(`nor is it by another session, read-ahead ${readAhead}, after ${way}`, async () => {
      for (const mark of MARKS) {
        const { drive, unit } = await filled({ readAhead });
        await go(drive, mark);
        const next = await TapeDrive.open(keptOpen(unit), { recordBytesHint: 200, readAhead });
        assert.deepEqual(await readOn(next), from(mark), `object ${mark}`);
        await drive.close();
      }
    });
  }

  Deno.test(`filemarks are counted from one that ${way} has led to`, async () => {
    for (const [index, mark] of MARKS.entries()) {
      for (const count of [1, 2, -1]) {
        const last = index + (count > 0 ? count - 1 : count);
        if (last < 0 || last >= MARKS.length) continue;
        const { drive } = await filled();
        await go(drive, mark);
        assert.deepEqual(await drive.space("filemarks", count), { spaced: count });
        const place = MARKS[last] + (count > 0 ? 1 : 0);
        assert.deepEqual(await readOn(drive), from(place), `${count} from object ${mark}`);
        await drive.close();
      }
    }
  });

  Deno.test(`filemarks are counted from a record that ${way} has led to`, async () => {
    const { drive } = await filled();
    await go(drive, 1);
    await drive.space("filemarks", 2);
    assert.deepEqual(await readOn(drive), from(MARKS[1] + 1));
    await drive.close();
  });
}

/** The unit for a session beside the one that has it. */
function keptOpen(unit: SimUnit) {
  return {
    name: unit.name,
    execute: unit.execute.bind(unit),
    close: () => Promise.resolve(),
  };
}

Deno.test("nor is a file skipped near the end of a tape that refuses room beyond it", async () => {
  const quirks = { ...QUIRKS, refusesRoomBeyondEnd: true, spacePastEndMovesNothing: true };
  for (const readAhead of [0, 4]) {
    for (const mark of MARKS) {
      const { drive } = await openSim({ quirks }, { readAhead, recordBytesHint: 5000 });
      await fill(drive, TAPE);
      await drive.space("blocks", mark);
      assert.deepEqual(await readOn(drive), from(mark), `object ${mark}`);
      await drive.close();
    }
  }
});

Deno.test("nor where the connection is lost between a record that can no longer be read and a filemark", async () => {
  const unit = new CutUnit("istgt");
  const sleep = () => Promise.resolve();
  const drive = await TapeDrive.open(unit, { recordBytesHint: 200, readAhead: 0, sleep });
  await fill(drive, TAPE);
  await drive.space("filemarks", 2);
  for (const number of [5, 6]) {
    assert.deepEqual(await drive.read(), { kind: "record", data: numbered(number) });
  }
  unit.sim.drive.addBadBlock({ object: 7 });
  unit.left = 1;
  await assert.rejects(readOn(drive), PositionLostError);
  await drive.close();
});

Deno.test("a drive that does not find back before the filemark is an error, and nothing behind it is read", async () => {
  const { drive, unit } = await filled();
  for (let read = 0; read < 5; read++) await drive.read();
  await drive.space("blocks", 1);
  await drive.space("blocks", -1);
  unit.intercept = ({ cdb }) => {
    if (cdb[0] !== LOCATE_10) return undefined;
    return Promise.resolve({ status: 0, sense: new Uint8Array(0), dataInLength: 0, residual: 0 });
  };
  await assert.rejects(drive.read(), PositionLostError);
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  await drive.close();
});

Deno.test("a drive that tells no positions is not asked for more than the records", async () => {
  const { drive, unit } = await openSim({ quirks: { positionUnknown: true } });
  await fill(drive, TAPE);
  await drive.space("blocks", 2);
  const before = unit.opcodes().length;
  await drive.space("filemarks", 1);
  assert.deepEqual(unit.opcodes().slice(before).filter((opcode) => opcode !== 0x34), [SPACE]);
  assert.deepEqual(await readOn(drive), from(4));
  await drive.close();
});

Deno.test("nor is the first file where a filemark begins the tape and READs have run ahead of the caller", async () => {
  const tape = [null, numbered(1), numbered(2), null, numbered(3), null];
  for (const leave of ["position", "space"] as const) {
    const { drive } = await openSim({ quirks: QUIRKS }, { recordBytesHint: 200, readAhead: 4 });
    await fill(drive, tape);
    await readOn(drive);
    await drive.rewind();
    await assert.rejects(drive.read({ signal: AbortSignal.abort() }));
    const called = new AbortController();
    const reading = drive.read({ signal: called.signal });
    called.abort(new Error("called off"));
    await assert.rejects(reading, /called off/);
    if (leave === "position") await drive.position();
    else await drive.space("blocks", 0);
    assert.deepEqual(await readOn(drive), [0, 1, 2, 0, 3, 0]);
    await drive.close();
  }
});

const BUSY = { status: 0x08 };
const CHANGED_BEHIND = { sense: { key: 6, asc: 0x0b, ascq: 1 } };
const FAILED = { sense: { key: 4, asc: 0x44, ascq: 0 } };
const SPOILED = { sense: { key: 0xb, asc: 0x47, ascq: 5 } };

Deno.test("SPACE over filemarks that the drive refuses leaves the tape where it was", async () => {
  for (const mark of [1, 3, 4]) {
    const { drive, unit } = await openSim({}, { recordBytesHint: 200 });
    await fill(drive, TAPE);
    await drive.locate(mark);
    unit.drive.inject({ opcode: SPACE, ...CHANGED_BEHIND });
    await assert.rejects(drive.space("filemarks", 2), { kind: "unit-attention" });
    assert.equal((await drive.position()).object, mark);
    await drive.space("filemarks", 2);
    const second = MARKS.filter((at) => at >= mark)[1];
    assert.deepEqual(await readOn(drive), from(second + 1));
    await drive.close();
  }
});

Deno.test("SPACE that the drive refuses behind the READ from the beginning leaves the tape there", async () => {
  const { drive, unit } = await openSim({}, { recordBytesHint: 200 });
  await fill(drive, TAPE);
  unit.drive.inject({ opcode: SPACE, ...CHANGED_BEHIND });
  await assert.rejects(drive.space("blocks", 2), { kind: "unit-attention" });
  assert.equal((await drive.position()).object, 0);
  await drive.space("blocks", 2);
  assert.deepEqual(await readOn(drive), from(2));
  await drive.close();
});

Deno.test("a first record that cannot be read keeps SPACE from going anywhere", async () => {
  const { drive, unit } = await filled();
  unit.drive.addBadBlock({ object: 0 });
  await assert.rejects(drive.space("blocks", 2), { kind: "medium-error" });
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  await drive.close();
});

Deno.test("a rewind that fails where SPACE went beyond the beginning loses the position", async () => {
  const { drive, unit } = await filled();
  for (let read = 0; read < 3; read++) await drive.read();
  unit.drive.inject({ opcode: REWIND, ...CHANGED_BEHIND });
  await assert.rejects(drive.space("blocks", -5), { kind: "unit-attention" });
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  await drive.close();
});

/** A drive like istgt in the middle of a tape, opened by who has not counted. */
async function inTheMiddle(objects: readonly (Uint8Array | null)[]) {
  const unit = new SimUnit({ habits: "istgt" });
  const before = await TapeDrive.open(unit);
  await before.rewind();
  await fill(before, objects);
  for (const _ of objects) await before.read();
  return { unit, drive: await TapeDrive.open(unit) };
}

Deno.test("SPACE backwards that the drive calls good ends at the beginning, where its numbers show that there is not as much", async () => {
  const records = [1, 2, 3].map((number) => numbered(number));
  const cases = [
    { objects: records, what: "filemarks", count: -1 },
    { objects: records, what: "blocks", count: -7 },
    { objects: [numbered(1), null, numbered(2)], what: "filemarks", count: -9 },
  ] as const;
  for (const { objects, what, count } of cases) {
    const { drive, unit } = await inTheMiddle(objects);
    await assert.rejects(drive.space(what, count), { kind: "beginning-of-partition" });
    await drive.write(numbered(9));
    assert.equal(contents(unit), "9", `${count} ${what}`);
    await drive.close();
  }
});

Deno.test("and it is good where there is as much", async () => {
  const { drive } = await inTheMiddle([numbered(1), null, numbered(2), null, numbered(3)]);
  assert.deepEqual(await drive.space("filemarks", -2), { spaced: -2 });
  assert.deepEqual(await readOn(drive), [0, 2, 0, 3]);
  await drive.close();
});

Deno.test("a way back before the filemark that fails loses the position", async () => {
  for (const operation of ["read", "space"] as const) {
    const { drive, unit } = await filled();
    await drive.space("blocks", 3);
    unit.drive.inject({ opcode: READ_POSITION, occurrence: 3, ...FAILED });
    const failing = operation === "read" ? drive.read() : drive.space("filemarks", 1);
    await assert.rejects(failing, { kind: "hardware-error" });
    await assert.rejects(drive.write(numbered(9)), PositionLostError);
    await drive.close();
  }
});

Deno.test("a question for the position that the drive was too busy for does not end the questions", async () => {
  for (const readAhead of [0, 4]) {
    for (const occurrence of [1, 2, 3]) {
      const { drive, unit } = await filled({ readAhead });
      unit.drive.inject({ opcode: READ_POSITION, occurrence, ...BUSY });
      for (let read = 0; read < 2; read++) await drive.read();
      await drive.space("blocks", 1);
      assert.deepEqual(await readOn(drive), from(3), `busy at question ${occurrence}`);
      await drive.close();
    }
  }
});

Deno.test("a READ that was spoiled on the way, and executed, does not shift the count of filemarks", async () => {
  const { drive, unit } = await openSim({}, { recordBytesHint: 200 });
  await fill(drive, [numbered(1), null, numbered(2), null, numbered(3)]);
  await drive.locate(1);
  unit.drive.inject({ opcode: READ, ...SPOILED, execute: true });
  await drive.space("filemarks", 1);
  assert.deepEqual(await readOn(drive), [2, 0, 3]);
  await drive.close();
});

Deno.test("behind a record that cannot be read filemarks are counted, and found again", async () => {
  const unit = new CutUnit("exact");
  const sleep = () => Promise.resolve();
  const drive = await TapeDrive.open(unit, { recordBytesHint: 200, readAhead: 0, sleep });
  await fill(drive, [numbered(1), numbered(2), numbered(3), null, numbered(4), numbered(5)]);
  for (let read = 0; read < 3; read++) await drive.read();
  await drive.space("blocks", -1);
  unit.sim.drive.addBadBlock({ object: 2 });
  await drive.space("filemarks", 1);
  unit.left = 1;
  assert.deepEqual(await readOn(drive), [4, 5]);
  await drive.close();
});

Deno.test("a drive whose numbers leave filemarks out is read as it is", async () => {
  const { drive, unit } = await openSim({}, { recordBytesHint: 200 });
  await fill(drive, TAPE);
  unit.intercept = (command) => {
    if (command.cdb[0] !== READ_POSITION) return undefined;
    const { object } = unit.drive.position!;
    const marks = MARKS.filter((mark) => mark < object).length;
    const data = new DataView(command.dataIn!.buffer);
    data.setBigUint64(8, BigInt(object - marks));
    return Promise.resolve({ status: 0, sense: NO_BYTES, dataInLength: 32, residual: 0 });
  };
  await drive.space("blocks", 3);
  assert.deepEqual(await readOn(drive), from(3));
  await drive.close();
});

Deno.test("where the drive does not tell its place because of an error, nothing is moved", async () => {
  for (const operation of ["read", "space"] as const) {
    for (const answer of [CHANGED_BEHIND, FAILED]) {
      const { drive, unit } = await filled();
      await drive.space("blocks", 3);
      unit.drive.inject({ opcode: READ_POSITION, ...answer });
      const failing = operation === "read" ? drive.read() : drive.space("filemarks", 1);
      await assert.rejects(failing, TapeError);
      assert.deepEqual(await readOn(drive), from(3));
      await drive.close();
    }
  }
});

Deno.test("a READ that the drive refuses before a filemark does not let SPACE go on from there", async () => {
  for (const answer of [CHANGED_BEHIND, SPOILED]) {
    const { drive, unit } = await filled();
    await drive.space("blocks", 3);
    unit.drive.inject({ opcode: READ, ...answer });
    await drive.space("filemarks", 1);
    assert.deepEqual(await readOn(drive), from(4));
    await drive.close();
  }
});

Deno.test("the way back after a refusal that fails itself loses the position", async () => {
  const { drive, unit } = await openSim({}, { recordBytesHint: 200 });
  await fill(drive, TAPE);
  await drive.locate(3);
  unit.drive.inject({ opcode: SPACE, ...CHANGED_BEHIND });
  // The landing's own, that behind the READ, and then those of the way back.
  unit.drive.inject({ opcode: READ_POSITION, occurrence: 3, ...CHANGED_BEHIND });
  await assert.rejects(drive.space("filemarks", 2));
  await assert.rejects(drive.write(numbered(9)), PositionLostError);
  await drive.close();
});

Deno.test("a session that opens at a beginning with a filemark, where SPACE has led to, skips no file", async () => {
  const { drive, unit } = await openSim({ quirks: QUIRKS }, { recordBytesHint: 200 });
  await fill(drive, [null, numbered(1), null, numbered(2), null]);
  await drive.read();
  await drive.space("blocks", -1);
  const next = await TapeDrive.open(keptOpen(unit), { recordBytesHint: 200 });
  assert.deepEqual(await readOn(next), [0, 1, 0, 2, 0]);
  await drive.close();
});
