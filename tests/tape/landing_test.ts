import assert from "node:assert/strict";
import { PositionLostError } from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { fill, numbered, openSim } from "./drive_setup.ts";
import type { SimUnit } from "./sim_unit.ts";

/** What istgt makes of a filemark that SPACE over blocks or LOCATE has led to. */
const QUIRKS = {
  missesFilemarkAfterMotion: true,
  positionOffByOneAfterMotion: true,
  spaceIgnoresFilemarks: true,
  noLocate16: true,
};

/** Five files of which one is empty, and one record behind the last filemark. */
const TAPE = [1, 2, 3, null, 4, null, 5, 6, null, null, 7, null, 8]
  .map((number) => number === null ? null : numbered(number));
const MARKS = TAPE.flatMap((object, at) => object === null ? [at] : []);

const [LOCATE_10, SPACE] = [0x2b, 0x11];

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
