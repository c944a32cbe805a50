/**
 * What a READ brought: the true length of a record from the three places that tell it, or the condition that it met
 * (SSC-4, READ(6)).
 *
 * @module
 */

import { SenseKey } from "../scsi/sense_codes.ts";
import { type Condition, leavesTapeUnmoved } from "./conditions.ts";
import type { Device, Reply } from "./device.ts";
import type { TapeError } from "./errors.ts";
import type { RecordRoom } from "./record_room.ts";

/** Records that came whole: one of any length, or several blocks of one length. */
export interface Records {
  readonly kind: "records";
  readonly data: Uint8Array;
  readonly recordBytes: number;
  readonly count: number;
}

/** A record went by that has to be read again, with the right room. */
export interface Misfit {
  readonly kind: "misfit";
  /** The room it was given, in bytes. */
  readonly roomBytes: number;
  /** Its true length in bytes, when the drive told it. */
  readonly recordBytes?: number;
  /**
   * Set when it was not read at all because the room reaches beyond the end of the partition: istgt refuses such a READ however short the record is, and every
   * other READ from then on until the tape is moved. With `isBlockwise`, what ended the READ.
   */
  readonly error?: TapeError;
  /** Objects that such a READ passed; `undefined` when that is not certain. */
  readonly passed?: number;
  /**
   * Set when several blocks were read in one command, one of them unreadable or of another length, and the drive does not tell which: they have to be read one
   * by one.
   */
  readonly isBlockwise?: boolean;
}

/** A READ that failed. */
export interface Failure {
  readonly kind: "failure";
  readonly error: TapeError;
  /** Objects that it passed; `undefined` when that is not certain. */
  readonly passed?: number;
}

/** One thing that came off the tape, in its order. */
export type Arrival =
  | Records
  | Misfit
  | Failure
  | { readonly kind: "filemark" }
  | { readonly kind: "end-of-data" };

const FILEMARK: Arrival = { kind: "filemark" };
const END_OF_DATA: Arrival = { kind: "end-of-data" };

/** Objects that an arrival passed on the tape; `undefined` when that is not certain. */
export function objectsPassed(arrival: Arrival): number | undefined {
  switch (arrival.kind) {
    case "records":
      return arrival.count;
    case "failure":
      return arrival.passed;
    case "misfit":
      return arrival.error === undefined && !arrival.isBlockwise ? 1 : arrival.passed;
    case "filemark":
      return 1;
    case "end-of-data":
      return 0;
  }
}

function failure(device: Device, reply: Reply): Failure {
  const { condition, sense } = reply;
  // A changed key is told as a unit attention, to a READ that was not executed.
  const isAttention = condition === "encryption" && sense?.key === SenseKey.UnitAttention;
  const isUnmoved = leavesTapeUnmoved(condition) || condition === "deferred" || isAttention;
  return {
    kind: "failure",
    error: device.failure(reply),
    ...(isUnmoved && { passed: 0 }),
  };
}

/** A READ that met the end of the partition. One of which all `asked` is left has moved nothing. */
function refusedRead(reply: Reply, roomBytes: number, asked: number, device: Device): Misfit {
  const isUnmoved = reply.sense?.information === asked;
  const error = device.failure(reply);
  return { kind: "misfit", roomBytes, error, ...(isUnmoved && { passed: 0 }) };
}

function disagreement(device: Device, message: string, passed?: number): Failure {
  const error = device.problem("length-disagreement", `Cannot tell a record's length: ${message}`);
  return { kind: "failure", error, passed };
}

function record(buffer: Uint8Array, recordBytes: number, room: RecordRoom): Records {
  room.saw(recordBytes);
  return { kind: "records", data: buffer.subarray(0, recordBytes), recordBytes, count: 1 };
}

/** What a READ in variable mode brought into `buffer`; nothing when it was not executed and may be sent again. */
export function variableArrivals(
  reply: Reply,
  buffer: Uint8Array,
  room: RecordRoom,
  device: Device,
): Arrival[] {
  switch (reply.condition) {
    case "good":
    case "informational":
    case "early-warning":
    case "programmable-early-warning":
    // Reported with the data when page 10h asks for early warning on reads (REW).
    case "volume-overflow":
      return [wholeRecord(reply, buffer, room, device)];
    case "incorrect-length":
      return [reportedRecord(reply, buffer, room, device)];
    case "filemark":
      return [FILEMARK];
    case "end-of-data":
      return [END_OF_DATA];
    case "end-of-partition":
      return [refusedRead(reply, buffer.length, buffer.length, device)];
    case "attention":
    case "busy":
      return [];
    default:
      return [failure(device, reply)];
  }
}

/** A record that the drive finds nothing wrong with. */
function wholeRecord(
  reply: Reply,
  buffer: Uint8Array,
  room: RecordRoom,
  device: Device,
): Arrival {
  const { dataInLength, residual, sense } = reply;
  const roomBytes = buffer.length;
  // Near the end of the tape 0 says that no block is left to read, not that the record filled its room.
  const information = reply.condition === "informational" ? 0 : sense?.information ?? 0;
  const recordBytes = roomBytes - (information || residual);
  if (recordBytes > roomBytes) return { kind: "misfit", roomBytes, recordBytes };
  if (recordBytes !== dataInLength || recordBytes === 0) {
    const told = `the drive says ${recordBytes} of ${roomBytes}, and ${dataInLength} bytes came`;
    return disagreement(device, told, 1);
  }
  if (recordBytes < roomBytes) room.sawSilence();
  else if (room.isSuspect(roomBytes)) return { kind: "misfit", roomBytes };
  return record(buffer, recordBytes, room);
}

/** A record that the drive reports as shorter or longer than asked for. */
function reportedRecord(
  reply: Reply,
  buffer: Uint8Array,
  room: RecordRoom,
  device: Device,
): Arrival {
  const { dataInLength, residual } = reply;
  const information = reply.sense?.information;
  const roomBytes = buffer.length;
  room.sawReport();
  if (information !== undefined && information !== 0) {
    const recordBytes = roomBytes - information;
    if (recordBytes <= 0) {
      return disagreement(device, `${information} of ${roomBytes} bytes are said to be missing`, 1);
    }
    // Longer than the room; or the drive and what carried its data disagree, and a READ of just that length shows who is right.
    if (dataInLength !== recordBytes) return { kind: "misfit", roomBytes, recordBytes };
    return record(buffer, recordBytes, room);
  }
  const isShort = information === undefined && dataInLength > 0 && dataInLength < roomBytes;
  if (isShort && roomBytes - residual === dataInLength) return record(buffer, dataInLength, room);
  if (isShort) {
    return disagreement(device, `${dataInLength} bytes came, with a residual of ${residual}`, 1);
  }
  // Drives that cannot say a negative number say 0, or nothing, of a record that is too long.
  return { kind: "misfit", roomBytes };
}

/** What ends a READ of several blocks at one of them, which leaves those before it good. */
const OF_ONE_BLOCK: ReadonlySet<Condition> = new Set<Condition>([
  "encryption",
  "incorrect-length",
  "medium-error",
]);

/** What a READ in fixed mode brought into `buffer`, which has room for a whole number of blocks. */
export function fixedArrivals(
  reply: Reply,
  buffer: Uint8Array,
  blockBytes: number,
  device: Device,
): Arrival[] {
  const { condition } = reply;
  if (condition === "attention" || condition === "busy") return [];
  const end = fixedEnd(reply, buffer.length, blockBytes, device);
  if (end?.kind === "failure" && end.passed === 0) return [end];
  const blocks = blocksRead(reply, buffer.length, blockBytes);
  if (blocks === undefined) {
    const isUntold = OF_ONE_BLOCK.has(condition) && reply.sense?.information === undefined;
    if (isUntold && buffer.length > blockBytes) {
      const error = device.failure(reply);
      return [{ kind: "misfit", roomBytes: buffer.length, isBlockwise: true, error }];
    }
    // A failure that does not tell how far it got stands for itself.
    if (end?.kind === "failure" && condition !== "incorrect-length") return [end];
    if (end?.kind === "misfit") return [end];
    return [disagreement(device, `${reply.dataInLength} bytes of ${blockBytes}-byte blocks came`)];
  }
  const data = buffer.subarray(0, blocks * blockBytes);
  const good: Arrival[] = blocks > 0
    ? [{ kind: "records", data, recordBytes: blockBytes, count: blocks }]
    : [];
  return end === undefined ? good : [...good, end];
}

/** What ended a fixed READ before its count, if anything did. */
function fixedEnd(
  reply: Reply,
  roomBytes: number,
  blockBytes: number,
  device: Device,
): Arrival | undefined {
  switch (reply.condition) {
    case "good":
    case "informational":
    case "early-warning":
    case "programmable-early-warning":
    case "volume-overflow":
      return undefined;
    case "filemark":
      return FILEMARK;
    case "end-of-data":
      return END_OF_DATA;
    case "incorrect-length":
      return { kind: "failure", error: device.failure(reply), passed: 1 };
    case "end-of-partition":
      return refusedRead(reply, roomBytes, roomBytes / blockBytes, device);
    default:
      return failure(device, reply);
  }
}

/** Near the end of the tape a READ may stop after any block, where page 10h asks for early warning on reads (REW). */
const NEAR_END: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "programmable-early-warning",
  "volume-overflow",
]);

/** Whole good blocks of a fixed READ; `undefined` when the drive and the transport do not agree on a number. */
function blocksRead(reply: Reply, roomBytes: number, blockBytes: number): number | undefined {
  const { dataInLength, residual, sense, condition } = reply;
  const asked = roomBytes / blockBytes;
  const left = condition === "informational" ? undefined : sense?.information;
  if (left !== undefined) {
    const blocks = asked - Math.abs(left);
    return blocks >= 0 && dataInLength >= blocks * blockBytes ? blocks : undefined;
  }
  // A single block either came or did not.
  const endsEarly = condition === "filemark" || condition === "end-of-data";
  const isWhole = condition === "good" || condition === "informational" || NEAR_END.has(condition);
  if (asked === 1 && (endsEarly || condition === "incorrect-length")) return 0;
  const blocks = dataInLength / blockBytes;
  if (roomBytes - residual !== dataInLength || !Number.isInteger(blocks)) return undefined;
  if (blocks < asked) return endsEarly || NEAR_END.has(condition) ? blocks : undefined;
  // What ended at a block has not brought them all: the bytes are of one that may be cut.
  return isWhole ? blocks : undefined;
}
