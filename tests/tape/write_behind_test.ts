import assert from "node:assert/strict";
import type { ScsiCommand } from "../../scsi/logical_unit.ts";
import {
  DeferredError,
  ResetError,
  type TapeError,
  VolumeOverflowError,
  WriteProtectedError,
  WriteStoppedError,
} from "../../tape/errors.ts";
import type { TapeDriveOptions } from "../../tape/options.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { Random } from "../scsi/random.ts";
import { contents, numbered, openSim, type Setup } from "./drive_setup.ts";
import type { SimUnit, SimUnitOptions } from "./sim_unit.ts";

const [READ, WRITE, FILEMARKS, REWIND, SPACE, POSITION] = [0x08, 0x0a, 0x10, 0x01, 0x11, 0x34];
const MODE_SENSE = 0x1a;

/** A drive whose answers take their time, so that several writes are under way at once. */
async function open(
  unitOptions: SimUnitOptions = {},
  driveOptions: TapeDriveOptions = {},
): Promise<Setup> {
  const jitter = new Random(1);
  const setup = await openSim({ jitter, ...unitOptions }, { writeBehind: 4, ...driveOptions });
  await setup.drive.rewind();
  return setup;
}

/** Writes records with these numbers; the first failure ends it. */
async function writeAll(drive: TapeDrive, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number++) await drive.write(numbered(number));
}

/** Holds back the answers to WRITEs until they are let go. */
function hold(unit: SimUnit): () => void {
  const gate = Promise.withResolvers<void>();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command: ScsiCommand) => {
    const result = await execute(command);
    if (command.cdb[0] === WRITE) await gate.promise;
    return result;
  };
  return () => gate.resolve();
}

Deno.test("write() resolves before the drive has answered, as often as writeBehind says, once two writes have proven the position", async () => {
  const { unit, drive } = await open();
  unit.drive.clearCommands();
  await writeAll(drive, 1, 2);
  // Whether the tape may be written over decides whether several writes may be under way.
  const proof = [WRITE, POSITION, WRITE, POSITION, MODE_SENSE, MODE_SENSE];
  assert.deepEqual(unit.opcodes(), proof);
  const release = hold(unit);
  await writeAll(drive, 3, 6);
  let isDone = false;
  const fifth = drive.write(numbered(7)).then(() => isDone = true);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.ok(!isDone);
  release();
  await fifth;
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4 5 6 7");
  await drive.close();
});

Deno.test("the caller's array is free as soon as write() resolves", async () => {
  const { unit, drive } = await open();
  const record = new Uint8Array(100);
  for (let number = 1; number <= 20; number++) await drive.write(record.fill(number));
  record.fill(99);
  await drive.flush();
  assert.equal(contents(unit), Array.from({ length: 20 }, (_, at) => at + 1).join(" "));
  await drive.close();
});

Deno.test("on a drive that does not tell positions writes go one at a time", async () => {
  const { unit, drive } = await open({ quirks: { positionUnknown: true } });
  unit.maxOutstanding = 0;
  await writeAll(drive, 1, 20);
  await drive.flush();
  assert.equal(unit.maxOutstanding, 1);
  assert.equal(unit.drive.objects().length, 20);
  await drive.close();
});

Deno.test("every other operation waits for the writes before it", async () => {
  const others: readonly (readonly [string, (drive: TapeDrive) => Promise<unknown>])[] = [
    ["position", (drive) => drive.position()],
    ["rewind", (drive) => drive.rewind()],
    ["filemarks", (drive) => drive.writeFilemarks()],
    ["flush", (drive) => drive.flush()],
    ["space", (drive) => drive.space("blocks", -1)],
    ["read", (drive) => drive.read()],
    ["blockSize", (drive) => drive.blockSize()],
    ["status", (drive) => drive.status()],
    ["close", (drive) => drive.close()],
  ];
  for (const [name, operation] of others) {
    const { unit, drive } = await open();
    await writeAll(drive, 1, 10);
    unit.drive.inject({ opcode: WRITE, sense: { key: 6, asc: 0x3f, ascq: 1 } });
    await drive.write(numbered(11));
    await operation(drive);
    if (name !== "close") assert.equal(unit.drive.objects()[10]?.kind, "record", name);
    if (name !== "close") await drive.close();
  }
});

Deno.test("position() counts what is under way", async () => {
  const { drive } = await open();
  await writeAll(drive, 1, 9);
  assert.equal((await drive.position()).object, 9);
  await drive.close();
});

Deno.test("a write that is refused in the middle is written again, and what came behind it too", async () => {
  for (const answer of [{ status: 0x08 }, { sense: { key: 6, asc: 0x3f, ascq: 3 } }]) {
    const { unit, drive } = await open();
    await writeAll(drive, 1, 2);
    unit.drive.inject({ opcode: WRITE, occurrence: 3, ...answer });
    await writeAll(drive, 3, 12);
    await drive.flush();
    assert.equal(contents(unit), "1 2 3 4 5 6 7 8 9 10 11 12");
    assert.ok(unit.opcodes().includes(SPACE));
    await drive.close();
  }
});

Deno.test("a write that the drive does not take comes out with the numbers and bytes of all that are missing, and the tape stands before them", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 2);
  await drive.flush();
  const release = hold(unit);
  unit.drive.inject({ opcode: WRITE, occurrence: 2, sense: { key: 5, asc: 0x24, ascq: 0 } });
  await writeAll(drive, 3, 6);
  release();
  let failure: TapeError | undefined;
  await assert.rejects(drive.position(), (error: TapeError) => {
    failure = error;
    return error.kind === "illegal-request";
  });
  const { durable, durableObject, written, isCertain, unwritten, misplaced } = failure!.writes!;
  assert.deepEqual([durable, durableObject, written, isCertain], [2, 2, 3, true]);
  assert.deepEqual(unwritten.map(({ number, data }) => [number, data[0], data.length]), [
    [3, 4, 100],
    [4, 5, 100],
    [5, 6, 100],
  ]);
  assert.deepEqual(misplaced, [4, 5]);
  assert.equal((await drive.position()).object, 3);
  for (const { data } of unwritten) await drive.write(data);
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4 5 6");
  await drive.close();
});

Deno.test("what was called before a failure was known is not done, for it would leave a gap", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 4);
  unit.drive.inject({ opcode: WRITE, sense: { key: 7, asc: 0x27, ascq: 0 }, times: 9 });
  const calls = [5, 6, 7, 8, 9, 10].map((number) => drive.write(numbered(number)));
  const marks = drive.writeFilemarks();
  const flush = drive.flush();
  const outcomes = await Promise.allSettled([...calls, marks, flush]);
  const isStopped = (outcome: PromiseSettledResult<unknown>) =>
    outcome.status === "rejected" && outcome.reason instanceof WriteStoppedError &&
    outcome.reason.cause instanceof WriteProtectedError;
  assert.ok(isStopped(outcomes.at(-1)!));
  assert.equal(contents(unit), "1 2 3 4");
  const told = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? (outcome.reason as TapeError).writes!.unwritten : []
  );
  assert.deepEqual([...new Set(told.map(({ data }) => data[0]))].sort((a, b) => a - b), [
    5,
    6,
    7,
    8,
    9,
    10,
  ]);
  await drive.close();
});

Deno.test("at early warning writes go one at a time, each with its own result, and the overflow says what is missing", async () => {
  const { unit, drive } = await open({ capacityBytes: 3000, earlyWarningBytes: 1000 });
  const warned: number[] = [];
  let number = 0;
  await assert.rejects(async () => {
    for (;; number++) {
      const { earlyWarning } = await drive.write(numbered(number));
      if (earlyWarning) warned.push(number);
    }
  }, (error: VolumeOverflowError) => {
    assert.ok(error instanceof VolumeOverflowError);
    assert.deepEqual(error.writes!.unwritten.map((each) => each.number), [30]);
    assert.deepEqual([error.writes!.written, error.writes!.isCertain], [30, true]);
    return true;
  });
  // The first warning may come out up to four writes late; after that there is one for each.
  assert.ok(warned[0] >= 19 && warned[0] <= 24);
  assert.deepEqual(warned, Array.from({ length: 30 - warned[0] }, (_, at) => warned[0] + at));
  assert.equal(unit.drive.objects().length, 30);
  assert.equal((await drive.position()).object, 30);
  await drive.close();
});

Deno.test("a small record that fits behind a large one that does not is no gap: the tape is brought back before the large one", async () => {
  const { unit, drive } = await open({ capacityBytes: 2000, earlyWarningBytes: 0 });
  await writeAll(drive, 1, 15);
  const release = hold(unit);
  await drive.write(numbered(16, 1000));
  await drive.write(numbered(17, 100));
  release();
  await assert.rejects(drive.flush(), (error: VolumeOverflowError) => {
    assert.ok(error instanceof VolumeOverflowError);
    assert.deepEqual(error.writes!.unwritten.map(({ data }) => data[0]), [16, 17]);
    assert.deepEqual(error.writes!.misplaced, [16]);
    return true;
  });
  assert.equal((await drive.position()).object, 15);
  await drive.writeFilemarks();
  assert.equal(contents(unit), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 |");
  await drive.close();
});

Deno.test("a deferred error tells from where on nothing is durable", async () => {
  for (const writeBehind of [0, 4]) {
    const { unit, drive } = await open({}, { writeBehind });
    await writeAll(drive, 1, 6);
    await drive.flush();
    await writeAll(drive, 7, 12);
    await drive.position();
    unit.drive.injectDeferredError({ key: 3, asc: 0x0c, ascq: 0 });
    await assert.rejects(drive.flush(), (error: DeferredError) => {
      assert.ok(error instanceof DeferredError);
      const { durable, durableObject, written, isCertain } = error.writes!;
      assert.deepEqual([durable, durableObject, written, isCertain], [6, 6, 6, false]);
      return true;
    });
    await drive.close();
  }
});

Deno.test("in fixed mode the blocks that the drive leaves at early warning are written before those behind", async () => {
  const { unit, drive } = await open({ capacityBytes: 4000, earlyWarningBytes: 2000 }, {
    blockSize: 50,
  });
  const data = (from: number) =>
    Uint8Array.from({ length: 250 }, (_, at) => from + Math.floor(at / 50));
  for (let from = 0; from < 60; from += 5) await drive.write(data(from));
  await drive.flush();
  assert.equal(contents(unit), Array.from({ length: 60 }, (_, at) => at).join(" "));
  await drive.close();
});

Deno.test("a write that is called off while it waits for its turn is not done; one that is taken is", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 2);
  const release = hold(unit);
  await writeAll(drive, 3, 6);
  const controller = new AbortController();
  const waiting = drive.write(numbered(7), { signal: controller.signal });
  const next = drive.write(numbered(8));
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  controller.abort(new Error("not that one"));
  await assert.rejects(waiting, /not that one/);
  release();
  await next;
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4 5 6 8");
  await drive.close();
});

Deno.test("close() tells of writes that failed, and closes all the same", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 4);
  const release = hold(unit);
  unit.drive.inject({ opcode: WRITE, sense: { key: 4, asc: 0x44, ascq: 0 } });
  await drive.write(numbered(5));
  const closing = drive.close();
  release();
  await assert.rejects(closing, (error: TapeError) => {
    return error.kind === "hardware-error" && error.writes!.unwritten[0].number === 4;
  });
  assert.ok(unit.isClosed);
});

Deno.test("no more is held than writeBehind records", async () => {
  const { unit, drive } = await open({}, { writeBehind: 8 });
  await writeAll(drive, 1, 100);
  assert.ok(unit.maxOutstanding <= 8, `${unit.maxOutstanding}`);
  assert.ok(unit.maxOutstanding > 4, `${unit.maxOutstanding}`);
  await drive.close();
});

Deno.test("writeBehind is 0 to 256", async () => {
  for (const writeBehind of [-1, 1.5, 257]) {
    await assert.rejects(openSim({}, { writeBehind }), (error: TapeError) => {
      return error.kind === "invalid-argument";
    });
  }
});

Deno.test("flush() is a synchronous WRITE FILEMARKS that writes none", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 5);
  unit.drive.clearCommands();
  await drive.flush();
  const last = unit.drive.commands.at(-1)!.cdb;
  assert.deepEqual(last, Uint8Array.of(FILEMARKS, 0, 0, 0, 0, 0));
  assert.ok(!unit.opcodes().includes(REWIND) && !unit.opcodes().includes(READ));
  await drive.close();
});

/** Only what stands alone can be refused without a gap on a tape that cannot be written over. */
const UNREWRITABLE: Readonly<Record<string, (drive: TapeDrive) => Promise<void>>> = {
  "write-once": () => Promise.resolve(),
  "append-only": (drive) => drive.setAppendOnly(true),
};

for (const [name, prepare] of Object.entries(UNREWRITABLE)) {
  Deno.test(`on a tape that cannot be written over writes go one at a time: ${name}`, async () => {
    const medium = new MemoryMedium({ worm: name === "write-once" });
    const { unit, drive } = await open({ medium });
    await prepare(drive);
    await writeAll(drive, 1, 4);
    await drive.flush();
    unit.drive.inject({ opcode: WRITE, occurrence: 2, status: 0x28 });
    await writeAll(drive, 5, 9);
    await drive.flush();
    assert.equal(contents(unit), "1 2 3 4 5 6 7 8 9");
    await drive.close();
  });
}

Deno.test("a drive that does not say whether its tape may be written over takes one write at a time, and none fails", async () => {
  const senses = [{ key: 4, asc: 0x44, ascq: 0 }, { key: 5, asc: 0x26, ascq: 0 }, {
    key: 2,
    asc: 4,
    ascq: 7,
  }];
  for (const sense of senses) {
    const { unit, drive } = await open();
    unit.drive.inject({ opcode: MODE_SENSE, sense });
    await writeAll(drive, 1, 8);
    await drive.flush();
    assert.equal(contents(unit), "1 2 3 4 5 6 7 8");
    await drive.close();
  }
});

Deno.test("behind a place that was located several writes go out, too", async () => {
  const medium = new MemoryMedium();
  const before = await open({ medium });
  await writeAll(before.drive, 1, 5);
  await before.drive.close();
  const { unit, drive } = await open({ medium });
  await drive.locate(5);
  unit.maxOutstanding = 0;
  await writeAll(drive, 6, 20);
  await drive.flush();
  assert.ok(unit.maxOutstanding > 2, `${unit.maxOutstanding} at once`);
  assert.equal(contents(unit), Array.from({ length: 20 }, (_, at) => at + 1).join(" "));
  await drive.close();
});

Deno.test("on a drive that leaves filemarks out of its numbers nothing is written twice", async () => {
  const { unit, drive } = await open();
  const execute = unit.execute.bind(unit);
  unit.execute = async (command: ScsiCommand) => {
    const result = await execute(command);
    if (command.cdb[0] === POSITION) {
      const before = unit.drive.objects().slice(0, unit.drive.position!.object);
      const records = before.filter(({ kind }) => kind !== "filemark").length;
      new DataView(command.dataIn!.buffer).setBigUint64(8, BigInt(records));
    }
    return result;
  };
  await writeAll(drive, 1, 4);
  await drive.writeFilemarks();
  unit.drive.inject({ opcode: WRITE, occurrence: 3, status: 0x28 });
  await writeAll(drive, 5, 12);
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4 | 5 6 7 8 9 10 11 12");
  await drive.close();
});

Deno.test("an error does not name as misplaced what has been written over since", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 4);
  await drive.flush();
  // The fifth comes too early, those behind it are written; then it is written, and the next refused.
  unit.drive.inject({ opcode: WRITE, occurrence: 1, status: 0x28 });
  unit.drive.inject({ opcode: WRITE, occurrence: 6, sense: { key: 5, asc: 0x24, ascq: 0 } });
  const failing = async () => {
    await writeAll(drive, 5, 8);
    await drive.flush();
  };
  await assert.rejects(failing(), ({ writes }: TapeError) => writes?.misplaced.length === 0);
  await drive.close();
});

Deno.test("writes that were called before one was refused its place leave no gap behind it", async () => {
  const { unit, drive } = await openSim({}, { writeBehind: 4 });
  await drive.rewind();
  await drive.write(numbered(1));
  await drive.locate(1);
  unit.drive.inject({ opcode: 0x34, sense: { key: 5, asc: 0x24, ascq: 0 }, times: 1 });
  unit.drive.inject({ opcode: 0x92, sense: { key: 5, asc: 0x24, ascq: 0 }, times: 9 });
  unit.drive.raiseUnitAttention(0x2a, 0x11);
  const results = await Promise.allSettled(
    [2, 3, 4].map((number) => drive.write(numbered(number))),
  );
  const [first] = results;
  assert.equal(first.status, "rejected");
  assert.ok(results.every(({ status }) => status === "rejected"));
  await drive.close().catch(() => {});
});

Deno.test("a reset that a write is told behind one that met a bad place is what the error is about", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 4);
  await drive.flush();
  unit.drive.addBadBlock({ object: 4, on: "write", times: 1 });
  unit.intercept = ({ cdb }) => {
    if (cdb[0] === WRITE && unit.drive.position?.object === 4) {
      unit.intercept = ({ cdb }) => {
        if (cdb[0] !== WRITE) return undefined;
        unit.intercept = undefined;
        unit.drive.reset();
      };
    }
    return undefined;
  };
  const all = [5, 6, 7, 8].map((number) => drive.write(numbered(number)));
  const [failed] = await Promise.all([drive.flush().catch((error) => error), ...all]);
  assert.ok(failed instanceof ResetError, String(failed));
  // What followed the reset stands at the beginning.
  assert.equal(contents(unit), "7 8");
  assert.deepEqual([failed.writes?.durable, failed.writes?.isCertain], [0, false]);
});

Deno.test("so they go when the mode page is changed behind the first writes", async () => {
  const { unit, drive } = await open();
  await writeAll(drive, 1, 4);
  await drive.changeSettings("device configuration extension", { writeMode: 1 });
  unit.drive.inject({ opcode: WRITE, occurrence: 2, status: 0x28 });
  await writeAll(drive, 5, 9);
  await drive.flush();
  assert.equal(contents(unit), "1 2 3 4 5 6 7 8 9");
  await drive.close();
});
