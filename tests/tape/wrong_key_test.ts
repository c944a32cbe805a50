import assert from "node:assert/strict";
import { PositionLostError } from "../../tape/errors.ts";
import { EncryptionError } from "../../tape/feature_errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import type { ReadResult } from "../../tape/record_reader.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { CutUnit } from "./cut_unit.ts";
import { contents, numbered, openSim, type Setup } from "./drive_setup.ts";
import { HostUnit } from "./host_unit.ts";
import { check, UNKNOWN_COMMAND } from "./scripted.ts";
import type { SimUnitOptions } from "./sim_unit.ts";

const [A, B, C] = [0xa, 0xb, 0xc].map((byte) => new Uint8Array(32).fill(byte));
const READ = 0x08;
const SPACE_ONE = Uint8Array.of(0x11, 0, 0, 0, 1, 0);
const REWIND = 0x01;
const READ_POSITION = 0x34;
const LOCATES: readonly number[] = [0x2b, 0x92];
const DATA_PROTECT = 7;
const LIMIT_REACHED = check({ key: DATA_PROTECT, asc: 0x26, ascq: 0x10 });
const UNREADABLE = check({ key: 3, asc: 0x11, ascq: 0 });

interface Habits extends SimUnitOptions {
  /** Whether a READ passes the block that it cannot decrypt. */
  readonly passes?: boolean;
  /** Whether answers are so long on their way that as many READs are as may be. */
  readonly late?: boolean;
}

/** Ten records with key A, a filemark, ten with key B, a filemark; key A is set, and the tape at its beginning. */
async function twoKeys(habits: Habits, options: TapeDriveOptions): Promise<Setup> {
  const { passes = false, late = false, ...unitOptions } = habits;
  const setup = await openSim(unitOptions, options);
  const { drive } = setup;
  for (const [file, key] of [A, B].entries()) {
    await drive.encryption.set({ key });
    for (let each = 1; each <= 10; each++) await drive.write(numbered(file * 10 + each));
    await drive.writeFilemarks();
  }
  await drive.encryption.set({ key: A });
  await drive.rewind();
  if (passes) passOver(setup);
  if (late) delay(setup);
  return setup;
}

function passOver({ unit }: Setup): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const answer = execute(command);
    const { sense } = unit.drive.commands.at(-1)!;
    const isRefused = command.cdb[0] === READ && (sense?.[2] ?? 0) === DATA_PROTECT;
    // In the same breath, so that no other command comes between.
    if (isRefused) await execute({ cdb: SPACE_ONE });
    return await answer;
  };
}

function delay({ unit }: Setup): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    const answer = execute(command);
    for (let hops = 0; hops < 50; hops++) await Promise.resolve();
    return await answer;
  };
}

/** What a read brings: the number of its record, or why there is none. */
async function next(drive: TapeDrive): Promise<string | number> {
  try {
    const result: ReadResult = await drive.read();
    return result.kind === "record" ? result.data[0] : result.kind;
  } catch (error) {
    if (error instanceof EncryptionError) return error.reason;
    throw error;
  }
}

const HABITS: readonly Habits[] = [{ passes: false }, { passes: true }];

for (const habits of HABITS) {
  const does = habits.passes ? "passes" : "stays before";
  for (const readAhead of [0, 1, 4, 16]) {
    const title = `on a drive that ${does} what it cannot decrypt, with readAhead ${readAhead}`;

    Deno.test(`a key that is wrong leaves the place as it was, until the right one is set: ${title}`, async () => {
      const { drive } = await twoKeys(habits, { readAhead });
      assert.equal(await next(drive), 1);
      for (const key of [C, B]) {
        await drive.encryption.set({ key });
        assert.equal(await next(drive), "wrong-key");
        const { known, object } = await drive.position();
        assert.deepEqual({ known, object }, { known: true, object: 1 });
      }
      await drive.encryption.clear();
      assert.equal(await next(drive), "no-key");
      assert.equal(await next(drive), "no-key", "the same record again");
      await drive.encryption.set({ key: A });
      for (let each = 2; each <= 10; each++) assert.equal(await next(drive), each);
      assert.equal(await next(drive), "filemark");
      await drive.close();
    });

    Deno.test(`keys can be tried at the beginning of another file: ${title}`, async () => {
      const { drive } = await twoKeys(habits, { readAhead });
      assert.equal(await next(drive), 1);
      await drive.encryption.clear();
      await drive.space("filemarks", 1);
      assert.equal(await next(drive), "no-key");
      await drive.encryption.set({ key: C });
      assert.equal(await next(drive), "wrong-key");
      await drive.encryption.set({ key: B });
      for (let each = 11; each <= 20; each++) assert.equal(await next(drive), each);
      await drive.close();
    });

    Deno.test(`keys can be tried at the beginning of the tape and where LOCATE leads: ${title}`, async () => {
      const { drive } = await twoKeys(habits, { readAhead });
      for (let each = 1; each <= 3; each++) assert.equal(await next(drive), each);
      await drive.encryption.set({ key: C });
      for (const object of [0, 4]) {
        await drive.locate({ object });
        assert.equal(await next(drive), "wrong-key");
        assert.equal((await drive.position()).object, object);
      }
      await drive.encryption.set({ key: A });
      assert.equal(await next(drive), 5);
      await drive.close();
    });

    Deno.test(`what is written behind a wrong key goes where the caller stands: ${title}`, async () => {
      const { unit, drive } = await twoKeys(habits, { readAhead });
      assert.equal(await next(drive), 1);
      await drive.encryption.set({ key: C });
      assert.equal(await next(drive), "wrong-key");
      await drive.write(numbered(99));
      await drive.writeFilemarks();
      assert.equal(unit.drive.objects().length, 3);
      await drive.encryption.set({ key: A });
      await drive.rewind();
      assert.equal(await next(drive), 1);
      await drive.encryption.set({ key: C });
      assert.deepEqual([await next(drive), await next(drive)], [99, "filemark"]);
      await drive.close();
    });
  }

  for (const readAhead of [4, 16]) {
    Deno.test(`where READs run into records with another key, the place is kept: on a drive that ${does} them, with readAhead ${readAhead}`, async () => {
      const { unit, drive } = await twoKeys({ ...habits, late: true }, { readAhead });
      for (let each = 1; each <= 10; each++) assert.equal(await next(drive), each);
      assert.ok(unit.maxOutstanding >= readAhead);
      assert.equal(await next(drive), "filemark");
      assert.equal(await next(drive), "wrong-key");
      assert.equal((await drive.position()).object, 11);
      await drive.encryption.set({ key: B });
      for (let each = 11; each <= 20; each++) assert.equal(await next(drive), each);
      await drive.close();
    });
  }
}

Deno.test("only before a write does a drive that stays before the record go there by LOCATE", async () => {
  for (const readAhead of [0, 4]) {
    const { unit, drive } = await twoKeys({}, { readAhead });
    for (const record of [1, 2, 3]) assert.equal(await next(drive), record);
    await drive.encryption.set({ key: C });
    unit.drive.clearCommands();
    assert.deepEqual([await next(drive), await next(drive)], ["wrong-key", "wrong-key"]);
    const locates = () => unit.opcodes().filter((opcode) => LOCATES.includes(opcode)).length;
    assert.equal(locates(), 0);
    await drive.write(numbered(99));
    assert.ok(locates() > 0);
    assert.equal(unit.drive.objects().length, 4);
    await drive.close();
  }
});

for (const passes of [false, true]) {
  for (const positionUnknown of [false, true]) {
    const does = passes ? "passes it" : "stays before it";
    const tells = positionUnknown ? ", and tells of no place" : "";
    const quirks = { positionUnknown };

    Deno.test(`one READ that runs into another key leaves the place as it was: on a drive that ${does}${tells}`, async () => {
      const { unit, drive } = await twoKeys({ passes, quirks }, { readAhead: 0 });
      unit.drive.clearCommands();
      for (let each = 1; each <= 10; each++) assert.equal(await next(drive), each);
      assert.equal(await next(drive), "filemark");
      assert.equal(await next(drive), "wrong-key");
      assert.ok(!unit.opcodes().includes(REWIND));
      await drive.encryption.set({ key: C });
      assert.deepEqual([await next(drive), await next(drive)], ["wrong-key", "wrong-key"]);
      await drive.encryption.set({ key: B });
      for (let each = 11; each <= 20; each++) assert.equal(await next(drive), each);
      await drive.write(numbered(99));
      assert.match(contents(unit), /^(\d+ ){10}\| (\d+ ){10}\d+$/);
      await drive.close();
    });

    Deno.test(`a record with another key among those of one file is there when its key is: on a drive that ${does}${tells}`, async () => {
      for (const readAhead of [0, 1, 4]) {
        for (const blockSize of [undefined, 100]) {
          const setup = await openSim({ quirks }, { readAhead, blockSize });
          const { unit, drive } = setup;
          for (const [record, key] of [A, A, A, B, A, B, A].entries()) {
            await drive.encryption.set({ key });
            await drive.write(numbered(record + 1));
          }
          await drive.encryption.set({ key: A });
          await drive.rewind();
          if (passes) passOver(setup);
          for (const record of [1, 2, 3]) assert.equal(await next(drive), record);
          assert.equal(await next(drive), "wrong-key");
          await drive.encryption.set({ key: B });
          assert.equal(await next(drive), 4);
          assert.equal(await next(drive), "wrong-key");
          await drive.encryption.set({ key: A });
          assert.equal(await next(drive), 5);
          assert.equal(await next(drive), "wrong-key");
          await drive.write(numbered(99));
          assert.equal(unit.drive.objects().length, 6);
          await drive.close();
        }
      }
    });

    Deno.test(`the beginning of a file is there when its key is, which none was set before: on a drive that ${does}${tells}`, async () => {
      for (const readAhead of [0, 4]) {
        const { unit, drive: writer } = await twoKeys({ passes, quirks }, { readAhead });
        await writer.encryption.clear();
        const drive = await TapeDrive.open(unit, { readAhead });
        await drive.rewind();
        await drive.space("filemarks", 1);
        assert.equal(await next(drive), "no-key");
        await drive.encryption.set({ key: B });
        assert.equal(await next(drive), 11);
        await drive.close();
      }
    });
  }
}

Deno.test("LOCATE is not tried where the record before may be another key's", async () => {
  const { drive } = await twoKeys({}, { readAhead: 4 });
  await drive.locate({ object: 4 });
  for (const record of [5, 6]) assert.equal(await next(drive), record);
  await drive.encryption.set({ key: C });
  assert.equal(await next(drive), "wrong-key");
  await drive.encryption.set({ key: A });
  for (const record of [7, 8, 9, 10]) assert.equal(await next(drive), record);
  await drive.close();
});

Deno.test("no READ goes out behind one that may be refused for its key", async () => {
  const { unit, drive } = await twoKeys({}, { readAhead: 4 });
  assert.equal(await next(drive), 1);
  const reads = () => unit.opcodes().filter((opcode) => opcode === READ).length;
  await drive.encryption.set({ key: C });
  let before = reads();
  assert.equal(await next(drive), "wrong-key");
  assert.equal(reads(), before + 1);
  await drive.encryption.set({ key: B });
  await drive.space("filemarks", 1);
  await drive.encryption.set({ key: A });
  before = reads();
  assert.equal(await next(drive), "wrong-key");
  assert.equal(reads(), before + 1);
  await drive.close();
});

Deno.test("a drive that does not say where it stands reads on with the right key where it was", async () => {
  for (const readAhead of [0, 4]) {
    const { drive } = await twoKeys({ quirks: { positionUnknown: true } }, { readAhead });
    assert.equal(await next(drive), 1);
    await drive.encryption.set({ key: C });
    assert.equal(await next(drive), "wrong-key");
    await drive.encryption.set({ key: A });
    assert.equal(await next(drive), 2);
    await drive.close();
  }
});

Deno.test("a drive that tells of no place runs into another key, and comes back from the beginning", async () => {
  for (const passes of [false, true]) {
    const habits = { passes, late: true, quirks: { positionUnknown: true } };
    const { unit, drive } = await twoKeys(habits, { readAhead: 4 });
    for (let each = 1; each <= 10; each++) assert.equal(await next(drive), each);
    assert.equal(await next(drive), "filemark");
    assert.equal(await next(drive), "wrong-key");
    assert.ok(unit.opcodes().lastIndexOf(REWIND) > unit.opcodes().indexOf(READ));
    await drive.encryption.set({ key: B });
    for (let each = 11; each <= 20; each++) assert.equal(await next(drive), each);
    await drive.close();
  }
});

Deno.test("where no way leads back before the block, that is told before anything else is read", async () => {
  const { unit, drive } = await twoKeys({ passes: true }, { readAhead: 4 });
  assert.equal(await next(drive), 1);
  await drive.encryption.set({ key: C });
  unit.intercept = (command) =>
    LOCATES.includes(command.cdb[0]) ? Promise.resolve(UNKNOWN_COMMAND(command)) : undefined;
  assert.equal(await next(drive), "wrong-key");
  await drive.encryption.set({ key: A });
  await assert.rejects(drive.read(), PositionLostError);
  await assert.rejects(drive.write(numbered(99)), PositionLostError);
  assert.match(contents(unit), /^(\d+ ){10}\| (\d+ ){10}\|$/, "nothing was written");
  await drive.rewind();
  assert.equal(await next(drive), 1);
  await drive.close();
});

Deno.test("a step back that does not end well leaves the tape nowhere, and that is told", async () => {
  const { unit, drive } = await twoKeys({ quirks: { positionUnknown: true } }, { readAhead: 0 });
  for (let each = 1; each <= 10; each++) assert.equal(await next(drive), each);
  assert.equal(await next(drive), "filemark");
  let isBack = false;
  unit.intercept = (command) => {
    if (isBack && command.cdb[0] === READ) return Promise.resolve(UNREADABLE(command));
    isBack = command.cdb[0] === SPACE_ONE[0];
    return undefined;
  };
  assert.equal(await next(drive), "wrong-key");
  unit.intercept = undefined;
  await drive.encryption.set({ key: B });
  await assert.rejects(drive.read(), PositionLostError);
  await drive.rewind();
  await drive.close();
});

Deno.test("blocks of one length, several in a READ, are kept up to the first with another key", async () => {
  for (const passes of [false, true]) {
    const { drive } = await twoKeys({ passes }, { readAhead: 4, blockSize: 100 });
    for (let each = 1; each <= 10; each++) assert.equal(await next(drive), each);
    assert.equal(await next(drive), "filemark");
    assert.equal(await next(drive), "wrong-key");
    await drive.encryption.set({ key: C });
    assert.equal(await next(drive), "wrong-key");
    await drive.encryption.set({ key: B });
    for (let each = 11; each <= 20; each++) assert.equal(await next(drive), each);
    await drive.close();
  }
});

Deno.test("filemarks are spaced over from a landing whose record the READ there has passed", async () => {
  const { drive } = await twoKeys({ passes: true }, { readAhead: 4 });
  await drive.encryption.set({ key: B });
  for (const object of [1, 5, 10]) {
    await drive.locate({ object });
    await drive.space("filemarks", 1);
    assert.equal((await drive.position()).object, 11);
    assert.equal(await next(drive), 11);
  }
  await drive.locate({ object: 14 });
  await drive.encryption.set({ key: A });
  await drive.space("filemarks", -1);
  assert.equal(await next(drive), "filemark");
  await drive.close();
});

Deno.test("a key that is wrong where blocks were spaced back to the beginning leaves the tape there", async () => {
  for (const passes of [false, true]) {
    for (const readAhead of [0, 4]) {
      const { drive } = await twoKeys({ passes }, { readAhead });
      await drive.encryption.set({ key: C });
      await drive.space("blocks", 2);
      await drive.space("blocks", -2);
      for (const key of [C, B]) {
        await drive.encryption.set({ key });
        assert.equal(await next(drive), "wrong-key");
        assert.equal((await drive.position()).object, 0);
      }
      await drive.encryption.set({ key: A });
      assert.equal(await next(drive), 1);
      await drive.close();
    }
  }
});

Deno.test("where the object before was not read, and the drive tells of no place, a record without its key is left as it is", async () => {
  const { unit, drive: writer } = await twoKeys({ quirks: { positionUnknown: true } }, {});
  const drive = await TapeDrive.open(unit);
  await drive.rewind();
  await drive.space("filemarks", 1);
  await drive.space("blocks", 3);
  assert.equal(await next(drive), "wrong-key");
  await assert.rejects(drive.write(numbered(99)), PositionLostError);
  await writer.encryption.set({ key: B });
  assert.equal(await next(drive), 14);
  await drive.close();
});

Deno.test("a drive that tells of no place, and refuses whatever it is to read, is not led away from where it was", async () => {
  const { unit, drive } = await twoKeys({ quirks: { positionUnknown: true } }, { readAhead: 0 });
  for (const record of [1, 2, 3, 4]) assert.equal(await next(drive), record);
  unit.intercept = (command) =>
    command.cdb[0] === READ ? Promise.resolve(LIMIT_REACHED(command)) : undefined;
  assert.equal(await next(drive), "key-fail-limit-reached");
  unit.intercept = undefined;
  await assert.rejects(drive.write(numbered(99)), PositionLostError);
  await assert.rejects(drive.read(), PositionLostError);
  assert.equal(unit.drive.objects().length, 22, "nothing was written");
  await drive.close();
});

Deno.test("another host's key, told while a READ's place is looked for, does not lead away from it", async () => {
  const { unit, drive } = await openSim({}, { readAhead: 0 });
  for (const [record, key] of [A, undefined, undefined, A, B].entries()) {
    if (key === undefined) await drive.encryption.clear();
    else await drive.encryption.set({ key });
    await drive.write(numbered(record + 1));
  }
  await drive.encryption.set({ key: A });
  await drive.rewind();
  for (const record of [1, 2, 3, 4]) assert.equal(await next(drive), record);
  const other = await TapeDrive.open(new HostUnit(unit.drive, "other"));
  unit.intercept = (command) => {
    if (command.cdb[0] !== READ_POSITION) return undefined;
    unit.intercept = undefined;
    return other.encryption.set({ key: C }).then(() => unit.execute(command));
  };
  assert.equal(await next(drive), "wrong-key");
  assert.equal(unit.intercept, undefined, "the other host has set its key");
  await drive.encryption.set({ key: A });
  await assert.rejects(drive.write(numbered(99)), PositionLostError);
  assert.equal(contents(unit).split(" ").length, 5, "nothing was written");
  await other.close();
  await drive.close();
});

Deno.test("a READ that is told of another host's key has moved nothing", async () => {
  for (const positionUnknown of [false, true]) {
    const { unit, drive } = await twoKeys({ quirks: { positionUnknown } }, { readAhead: 0 });
    for (const record of [1, 2, 3]) assert.equal(await next(drive), record);
    const other = await TapeDrive.open(new HostUnit(unit.drive, "other"));
    await other.encryption.set({ key: C });
    assert.equal(await next(drive), "key-changed-by-another");
    await drive.encryption.set({ key: A });
    assert.equal(await next(drive), 4);
    await drive.write(numbered(99));
    assert.equal(unit.drive.objects().length, 5);
    await other.close();
    await drive.close();
  }
});

for (const positionUnknown of [false, true]) {
  const tells = positionUnknown ? "no place" : "its place";

  Deno.test(`a connection that is lost behind a change of the key leaves the place, on a drive that tells of ${tells}`, async () => {
    for (const readAhead of [0, 4]) {
      for (const read of [1, 2, 6, 10, 11, 13]) {
        const unit = new CutUnit("exact", { quirks: { positionUnknown } });
        const drive = await TapeDrive.open(unit, { readAhead, sleep: () => Promise.resolve() });
        await drive.encryption.set({ key: A });
        for (let each = 1; each <= 20; each++) {
          await drive.write(numbered(each));
          if (each === 10) await drive.writeFilemarks();
        }
        await drive.rewind();
        for (let each = 0; each < read; each++) await next(drive);
        await drive.encryption.set({ key: C });
        unit.nexusLost = true;
        const isBeforeMark = read === 10;
        assert.equal(await next(drive), isBeforeMark ? "filemark" : "wrong-key");
        await drive.encryption.set({ key: A });
        // The filemark is an object, too.
        assert.equal(await next(drive), read < 10 || isBeforeMark ? read + 1 : read);
        await drive.close();
      }
    }
  });
}
