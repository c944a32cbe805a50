/**
 * Blocks by their address, and blocks backwards: READ(16), WRITE(16) and READ REVERSE (SSC-4). No LTO drive has them.
 *
 * @module
 */

import type { ScsiCommand } from "../scsi/logical_unit.ts";
import { count } from "../scsi/option_rules.ts";
import { checkWrite } from "./block_limits.ts";
import { checkOptional } from "./caller_values.ts";
import { spaceCdb, SpaceCode } from "./commands.ts";
import type { Condition } from "./conditions.ts";
import type { Reply } from "./device.ts";
import type { DriveWork } from "./drive_work.ts";
import { RecordTooLargeError, type TapeError } from "./errors.ts";
import { type ObjectPlace, read16Cdb, readReverseCdb, write16Cdb } from "./extended_commands.ts";
import { needing } from "./feature_support.ts";
import { placeOf } from "./object_place.ts";
import type { OperationOptions } from "./options.ts";
import {
  type Arrival,
  type Failure,
  fixedArrivals,
  type Misfit,
  objectsPassed,
  type Records,
  variableArrivals,
} from "./read_length.ts";
import type { ReadResult } from "./record_reader.ts";
import { RecordRoom } from "./record_room.ts";
import type { TapeSession } from "./tape_session.ts";
import { isUntold, noRoom, objectsLeft, UNTOLD_BLOCKS } from "./write_reply.ts";
import type { WriteResult } from "./write_result.ts";

/** Options of reads that are told where. */
export interface ReadAtOptions extends OperationOptions {
  /** Partition of the object. @default the one that the caller is in, where that is certain */
  readonly partition?: number;
  /** Bytes of room for the record in variable mode. Too little costs a second read where the drive tells the true length. @default 262144 */
  readonly recordBytesHint?: number;
}

/** Options of {@linkcode DriveFeatures.writeAt}. */
export interface WriteAtOptions extends OperationOptions {
  /** Partition to write to. @default the one that the caller is in, where that is certain */
  readonly partition?: number;
}

/** What {@linkcode DriveFeatures.writeAt} met. Everything was written. */
export type WriteAtResult = Pick<WriteResult, "earlyWarning" | "programmableEarlyWarning">;

/** What a read backwards brought. */
export type ReverseReadResult =
  | Exclude<ReadResult, { readonly kind: "end-of-data" }>
  | { readonly kind: "beginning-of-partition" };

const DEFAULT_HINT = 262_144;

/** READs of one record until it comes whole: from 1 byte to 16 MiB by doubling, and one of just its length. */
const MAX_READS = 26;

const READ_ENDS: ReadonlySet<Condition> = new Set<Condition>([
  "beginning-of-partition",
  "early-warning",
  "end-of-data",
  "filemark",
  "incorrect-length",
  "programmable-early-warning",
  "volume-overflow",
]);

const WRITE_ENDS: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "programmable-early-warning",
]);

/** What a READ into `room`, which one record or block fits into, has brought: by the same rules as any other READ. */
function arrivalOf({ session }: DriveWork, reply: Reply, room: Uint8Array): Arrival {
  const { blockBytes, limits, device } = session;
  const [arrival] = blockBytes > 0
    ? fixedArrivals(reply, room, blockBytes, device)
    : variableArrivals(reply, room, new RecordRoom(limits, room.length), device);
  return arrival;
}

/** The record as an array that does not keep a much larger one alive. */
function recordOf({ data }: Records): ReadResult {
  return { kind: "record", data: data.length * 2 < data.buffer.byteLength ? data.slice() : data };
}

function tooLarge(work: DriveWork, roomBytes: number, recordBytes?: number): RecordTooLargeError {
  const { device, limits } = work.session;
  return new RecordTooLargeError(
    `Cannot read the record on ${device.name}: it does not fit ${roomBytes} bytes, and the drive reads at most ${limits.maxBytes}`,
    { roomBytes, recordBytes },
  );
}

/** The room for one record: a block in fixed mode. */
function roomFor({ session }: DriveWork, hint: number | undefined): Uint8Array {
  const { blockBytes, limits } = session;
  checkOptional({ recordBytesHint: hint }, { recordBytesHint: count(1) });
  const bytes = blockBytes || Math.min(hint ?? DEFAULT_HINT, limits.maxBytes);
  return new Uint8Array(bytes);
}

/**
 * Room to read a record again with that did not come whole.
 *
 * @throws {RecordTooLargeError} when the drive has no more, or never gives it whole; {@link RecordLengthError} for a block of another length.
 */
function roomAgain(work: DriveWork, arrival: Misfit | Failure, tries: number): Uint8Array {
  if (arrival.error !== undefined) {
    if (objectsPassed(arrival) === undefined) work.session.lose(arrival.error);
    throw arrival.error;
  }
  const { roomBytes, recordBytes } = arrival as Misfit;
  const bytes = new RecordRoom(work.session.limits, roomBytes).beyond(roomBytes, recordBytes);
  if (bytes === undefined || tries >= MAX_READS) throw tooLarge(work, roomBytes, recordBytes);
  return new Uint8Array(bytes);
}

/** Reads the object at a place, in one command; the tape then stands behind it. */
export async function readAt(
  work: DriveWork,
  object: number,
  options: ReadAtOptions,
): Promise<ReadResult> {
  const { session } = work;
  const place = await placeOf(session, { ...options, object }, "read");
  const fixed = session.blockBytes > 0;
  const { signal } = options;
  let room = roomFor(work, options.recordBytesHint);
  for (let tries = 1;; tries++) {
    const cdb = read16Cdb(place, fixed, fixed ? 1 : room.length);
    const send = () => go(work, "READ(16)", place, { cdb, dataIn: room, signal });
    // What fails behind the first has left the caller's place all the same.
    const reply = await (tries === 1 ? send() : session.arriving(send));
    const arrival = arrivalOf(work, reply, room);
    if (arrival.kind === "records") return recordOf(arrival);
    if (arrival.kind === "filemark" || arrival.kind === "end-of-data") {
      return { kind: arrival.kind };
    }
    room = roomAgain(work, arrival, tries);
  }
}

/** Sends a command that says itself where it goes, so that the tape's place is certain afterwards. */
async function go(
  { session, leaving }: DriveWork,
  feature: string,
  { partition }: ObjectPlace,
  command: ScsiCommand,
  ends: ReadonlySet<Condition> = READ_ENDS,
): Promise<Reply> {
  const { device } = session;
  const { signal } = command;
  const send = () => needing(device, feature, () => device.perform(command, ends));
  const reply = await leaving(() => session.changing(partition, send, signal), signal, true);
  session.place();
  session.count.forget();
  session.partition.enter(partition);
  return reply;
}

/** Writes a record, or in fixed mode whole blocks, at a place, in one command. What lies behind it is lost. */
export async function writeAt(
  work: DriveWork,
  object: number,
  data: Uint8Array,
  options: WriteAtOptions,
): Promise<WriteAtResult> {
  const { session } = work;
  const { blockBytes, limits } = session;
  const fixed = blockBytes > 0;
  const objects = checkWrite(data, blockBytes, limits);
  const place = await placeOf(session, { ...options, object }, "write");
  await session.confirmSettings();
  let left = objects;
  session.buffer.fill();
  for (;;) {
    const rest = data.subarray(data.length - left * blockBytes);
    const here = { ...place, object: object + objects - left };
    const dataOut = fixed ? rest : data;
    const cdb = write16Cdb(here, fixed, fixed ? left : data.length);
    const command = { cdb, dataOut, signal: options.signal };
    const reply = await go(work, "WRITE(16)", here, command, WRITE_ENDS);
    if (reply.condition === "good" && reply.residual > 0) {
      throw unsure(session, `the drive took ${reply.residual} bytes less`);
    }
    const before = left;
    left = fixed && left > 1 && isUntold(reply)
      ? await blocksLeft(session, object + objects, left, options.signal)
      : objectsLeft(reply, { objects: left, data: dataOut }, blockBytes);
    if (left === 0) return warningsOf(reply);
    if (left >= before) throw full(session, reply, left > before);
  }
}

function warningsOf({ condition }: Reply): WriteAtResult {
  return {
    earlyWarning: condition === "early-warning",
    programmableEarlyWarning: condition === "programmable-early-warning",
  };
}

/** How many blocks up to `end` the drive has left, `most` at most, where it does not say: it stands behind those that it has written. */
async function blocksLeft(
  session: TapeSession,
  end: number,
  most: number,
  signal?: AbortSignal,
): Promise<number> {
  const here = (await session.arriving(() => session.drivePosition.ask(signal)))?.object;
  if (here !== undefined && here <= end && here >= end - most) return end - here;
  throw unsure(session, UNTOLD_BLOCKS);
}

function unsure(session: TapeSession, why: string): TapeError {
  const message = `Cannot be sure of a write: ${why}`;
  const error = session.device.problem("length-disagreement", message);
  session.lose(error);
  return error;
}

/** The drive takes no more; with `isBufferLost` it could not write what it had buffered before either. */
function full(session: TapeSession, { sense }: Reply, isBufferLost: boolean): TapeError {
  const { device, ledger } = session;
  const writes = isBufferLost ? ledger.giveUpBuffer() : ledger.outcome(false);
  const error = noRoom(device.name, { sense, writes });
  if (isBufferLost) session.lose(error);
  return error;
}

/** Reads the record before the caller, and leaves the tape before it. */
export async function readReverse(
  work: DriveWork,
  options: ReadAtOptions,
): Promise<ReverseReadResult> {
  const { session } = work;
  const { device, blockBytes } = session;
  const fixed = blockBytes > 0;
  const { signal } = options;
  session.tellLoss("read backwards");
  await work.back();
  let room = roomFor(work, options.recordBytesHint);
  for (let tries = 1;; tries++) {
    const cdb = readReverseCdb({ fixed, length: fixed ? 1 : room.length });
    const command = { cdb, dataIn: room, signal };
    const send = () => needing(device, "READ REVERSE", () => device.perform(command, READ_ENDS));
    const reply = await session.moving(send, signal);
    session.proof.startRun();
    const kind = reverseEnd(work, reply);
    if (kind !== undefined) return { kind };
    const arrival = arrivalOf(work, reply, room);
    if (arrival.kind === "records") return recordOf(arrival) as ReverseReadResult;
    room = roomAgain(work, arrival as Misfit | Failure, tries);
    const forwards = { cdb: spaceCdb(SpaceCode.Blocks, 1), signal };
    await session.moving(() => device.perform(forwards), signal);
    session.count.passObjects(1);
  }
}

/** What other than a record a read backwards met; counts what it passed. */
function reverseEnd(
  { session }: DriveWork,
  { condition }: Reply,
): "filemark" | "beginning-of-partition" | undefined {
  const { count } = session;
  if (condition === "beginning-of-partition" || condition === "early-warning") {
    count.setBeginning();
    return "beginning-of-partition";
  }
  count.passObjects(-1);
  return condition === "filemark" ? "filemark" : undefined;
}
