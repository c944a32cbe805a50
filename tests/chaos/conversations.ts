/** What an application does that means it: it reads a tape to its end, or writes one and makes sure. */

import assert from "node:assert/strict";
import { IscsiError } from "../../iscsi/errors.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { PositionLostError, TapeError, TransportLostError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import { type ErrorClass, settledOrDocumented } from "../fuzz/fuzz_target.ts";
import { CalledOff, type Experiment } from "./experiment.ts";

/** Records of a conversation. */
export const RECORDS = 200;
/** There is a filemark behind so many records. */
const FILE_RECORDS = 80;
/** One fault is all that happens: an application that starts again and again is not helped. */
const MAX_ATTEMPTS = 6;
const DOCUMENTED: readonly ErrorClass[] = [TapeError, IscsiError];

/** How a conversation goes with an {@link Experiment}. */
export type Conversation = (experiment: Experiment) => Promise<void>;

/** Reads everything. No error may reach the application, other than from opening: reads resume. */
export async function reading(experiment: Experiment): Promise<void> {
  fill(experiment);
  await withDrive(experiment, async (drive) => {
    for (const expected of tapeContents()) assert.deepEqual(await drive.read(), expected);
    await drive.close();
  });
}

/** Reads everything, though it stops waiting now and then: nothing is lost by that. */
export async function readingCalledOff(experiment: Experiment): Promise<void> {
  fill(experiment);
  await withDrive(experiment, async (drive) => {
    for (const expected of tapeContents()) {
      let result = await unlessCalledOff(drive.read({ signal: experiment.nextSignal() }));
      result ??= await drive.read();
      assert.deepEqual(result, expected);
    }
  });
}

/** Writes everything, though it calls writes off now and then, and then finds out what is on tape. */
export async function writingCalledOff(experiment: Experiment): Promise<void> {
  await withDrive(experiment, async (drive) => {
    for (let written = 0; written < RECORDS;) {
      const write = drive.write(record(written), { signal: experiment.nextSignal() });
      if (await unlessCalledOff(write)) written++;
      else written = await proven(drive, written, 1);
    }
    await drive.writeFilemarks();
  });
  checkTape(experiment);
}

async function unlessCalledOff<T>(promise: Promise<T>): Promise<T | undefined> {
  return await settledOrDocumented(promise, CalledOff);
}

/**
 * Goes to and fro and reads a little everywhere. What moves the tape fails with the connection and is done again; where the
 * way back is not certain, as after a motion, reads are refused until then.
 */
export async function moving(experiment: Experiment): Promise<void> {
  fill(experiment);
  const contents = tapeContents();
  await withDrive(experiment, async (drive) => {
    for (const object of [0, 90, 30, 150, 5]) {
      await again(() => drive.locate(object).catch((error) => notInReads(error, experiment)));
      for (let at = object; at < object + 12; at++) {
        assert.deepEqual(await readAt(drive, at), contents[at], `object ${at}`);
      }
      // Whoever asks where he is waits for the READs ahead; the others go on right behind a read.
      if (object % 60 === 30) continue;
      const position = await again(() => drive.position());
      if (position.known) assert.equal(position.object, object + 12);
    }
  });
}

/** What moves the tape does not fail with the READs ahead that it waits for. */
function notInReads(error: unknown, { fault }: Experiment): never {
  const isOfReads = error instanceof TransportLostError && error.command === "READ(6)";
  if (isOfReads && !fault.isRepeated) throw new Error("READs ahead were lost", { cause: error });
  throw error;
}

async function readAt(drive: TapeDrive, object: number): Promise<unknown> {
  try {
    return await drive.read();
  } catch (error) {
    if (!(error instanceof PositionLostError)) throw error;
  }
  return await again(async () => {
    await drive.locate(object);
    return await drive.read();
  });
}

/** How {@link writing} goes about it. */
export interface WritingOptions {
  /** Writes to hand to the drive before the first of them has ended. @default 1 */
  readonly inFlight?: number;
}

/** Writes everything, each record again for which the tape proves that it is not there. */
export function writing({ inFlight = 1 }: WritingOptions = {}): Conversation {
  return async (experiment) => {
    await withDrive(experiment, async (drive) => {
      await writeRecords(drive, inFlight);
      await again(async () => {
        if (await endOfData(drive) === RECORDS) await drive.writeFilemarks();
      });
      await again(() => drive.flush());
    });
    checkTape(experiment);
  };
}

async function writeRecords(drive: TapeDrive, inFlight: number): Promise<void> {
  let written = 0;
  for (let attempts = 0; written < RECORDS;) {
    const count = Math.min(inFlight, RECORDS - written);
    const writes = Array.from({ length: count }, (_, index) => record(written + index));
    const outcomes = await Promise.all(writes.map((data) => attempt(drive.write(data))));
    const done = outcomes.findIndex((outcome) => outcome !== "done");
    if (done < 0) {
      written += count;
      continue;
    }
    assert.ok(!outcomes.includes("done", done), "nothing is acknowledged behind a failure");
    assert.ok(++attempts <= MAX_ATTEMPTS, `writing goes wrong again and again: ${outcomes[done]}`);
    written = await proven(drive, written + done, count - done);
  }
}

/** Whatever comes of it, it comes in time, and an error is one of the documented: all that can be asked without digests. */
export function settling(conversation: Conversation): Conversation {
  return async (experiment) => {
    await settledOrDocumented(conversation(experiment), assert.AssertionError, ...DOCUMENTED);
  };
}

/** The tape holds each record once and in order, whatever came in between. */
function checkTape(experiment: Experiment): void {
  const objects = experiment.drive.objects();
  assert.equal(objects.length, RECORDS + 1, "records and a filemark");
  for (const [number, object] of objects.entries()) {
    if (number === RECORDS) assert.equal(object.kind, "filemark");
    else assert.deepEqual(object.kind === "record" && object.data, record(number));
  }
}

/**
 * Where the application may go on, which was told of so many records that they are written: those are on tape, perhaps some
 * of those that failed, and nothing else.
 */
async function proven(drive: TapeDrive, written: number, failed: number): Promise<number> {
  const refusal = await attempt(drive.write(record(written)));
  // That it is taken proves that the tape stands where the application thinks; `checkTape` holds it to that.
  if (refusal === "done") return written + 1;
  assert.ok(
    refusal instanceof PositionLostError || refusal instanceof TransportLostError,
    `a write on a tape that stands nobody knows where is refused, not ${refusal}`,
  );
  const object = await again(() => endOfData(drive));
  assert.ok(object >= written && object <= written + failed, `${object} records of ${written}`);
  return object;
}

/** Goes there, and asks the drive how many objects are before it. */
async function endOfData(drive: TapeDrive): Promise<number> {
  await drive.space("end-of-data");
  const position = await drive.position();
  if (position.known) return position.object!;
  throw new PositionLostError(
    "Cannot tell where end of data is: the connection was lost behind it",
  );
}

async function attempt(promise: Promise<unknown>): Promise<"done" | TapeError> {
  try {
    await promise;
    return "done";
  } catch (error) {
    if (!(error instanceof TapeError)) throw error;
    const isLost = error instanceof TransportLostError;
    assert.ok(!isLost || error.cause instanceof IscsiError, "a lost connection says why");
    return error;
  }
}

/** An operation that may be repeated, until it succeeds. */
async function again<T>(operation: () => Promise<T>): Promise<T> {
  for (let attempts = 1;; attempts++) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof TapeError) || attempts >= MAX_ATTEMPTS) throw error;
    }
  }
}

/** Uses the drive and closes it, whatever comes of it. */
async function withDrive(
  experiment: Experiment,
  use: (drive: TapeDrive) => Promise<void>,
): Promise<void> {
  const drive = await opened(experiment);
  try {
    await use(drive);
  } finally {
    await settledOrDocumented(drive.close(), TapeError);
  }
}

/** The drive, opened again when the fault struck in the opening; the errors are documented ones. */
async function opened(experiment: Experiment): Promise<TapeDrive> {
  for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts++) {
    const drive = await settledOrDocumented(experiment.open(), ...DOCUMENTED);
    if (drive !== undefined) return drive;
  }
  throw new Error("The drive does not open any more");
}

function fill(experiment: Experiment): void {
  const { medium } = experiment.drive;
  assert.ok(medium instanceof MemoryMedium);
  for (let number = 0; number < RECORDS; number++) {
    medium.partitions[0].appendRecord(record(number));
    if (number % FILE_RECORDS === FILE_RECORDS - 1) medium.partitions[0].appendFilemarks(1);
  }
}

function tapeContents(): unknown[] {
  const contents: unknown[] = [];
  for (let number = 0; number < RECORDS; number++) {
    contents.push({ kind: "record", data: record(number) });
    if (number % FILE_RECORDS === FILE_RECORDS - 1) contents.push({ kind: "filemark" });
  }
  return [...contents, { kind: "end-of-data" }];
}

/** A record that says which one it is, of a length of its own. */
function record(number: number): Uint8Array {
  const data = new Uint8Array(4 + (number * 37) % 1500).fill(number * 7);
  data.set([number >>> 8, number]);
  return data;
}
