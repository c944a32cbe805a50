/**
 * What the kernel writes into the command ring: `struct tcmu_cmd_entry` and `struct tcmu_tmr_entry` of
 * linux/target_core_user.h.
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";
import type { DataArea } from "./data_area.ts";

/** The low bits of an entry's first word. */
export const EntryKind = { Padding: 0, Command: 1, TaskManagement: 2 } as const;

/** The bits of the first word that hold the kind; the others are the length. */
export const KIND_MASK = 0x7;

/** Where the fields are, from the beginning of an entry. */
export const EntryOffset = {
  lengthAndKind: 0,
  id: 4,
  userFlags: 7,
  headerEnd: 8,

  areaCount: 8,
  returnAreaCount: 12,
  cdb: 24,
  areas: 48,

  status: 8,
  readLength: 12,
  sense: 16,
  answerEnd: 112,

  functionCode: 8,
  idCount: 12,
  ids: 32,
} as const;

const AREA_BYTES = 16;

/** A SCSI command. */
export interface RingCommand {
  readonly kind: "command";
  /** Names the command in its answer, and to task management. */
  readonly id: number;
  /** The command descriptor block, a copy. */
  readonly cdb: Uint8Array;
  /** The data to write; for a command that reads and does not write, room for what is read. */
  readonly areas: readonly DataArea[];
  /** Room for what a bidirectional command reads. */
  readonly returnAreas: readonly DataArea[];
}

/** A task management function that the kernel has begun (SAM-5 §7). */
export interface RingTaskManagement {
  readonly kind: "task-management";
  /** One of {@linkcode TaskManagementCode}. */
  readonly functionCode: number;
  /** The commands that it ends. */
  readonly ids: readonly number[];
}

/** The task management functions, as the kernel numbers them. */
export const TaskManagementCode = {
  AbortTask: 1,
  AbortTaskSet: 2,
  ClearAca: 3,
  ClearTaskSet: 4,
  LunReset: 5,
  TargetWarmReset: 6,
  TargetColdReset: 7,
  /** Commands end because a PERSISTENT RESERVE OUT preempted their initiator. */
  PreemptAndAbort: 128,
} as const;

/** Decodes the command entry of `length` bytes at `offset`. @throws {TcmuError} when it makes no sense. */
export function decodeCommand(view: DataView, offset: number, length: number): RingCommand {
  if (length < EntryOffset.answerEnd) throw corrupt(offset, `a command of ${length} bytes`);
  const count = view.getUint32(offset + EntryOffset.areaCount, true);
  const returnCount = view.getUint32(offset + EntryOffset.returnAreaCount, true);
  if (EntryOffset.areas + (count + returnCount) * AREA_BYTES > length) {
    throw corrupt(offset, `${count} and ${returnCount} data areas in ${length} bytes`);
  }
  const areas = Array.from(
    { length: count + returnCount },
    (_, index) => decodeArea(view, offset, offset + EntryOffset.areas + index * AREA_BYTES),
  );
  return {
    kind: "command",
    id: view.getUint16(offset + EntryOffset.id, true),
    cdb: copyCdb(view, offset),
    areas: areas.slice(0, count),
    returnAreas: areas.slice(count),
  };
}

/** Decodes the task management entry of `length` bytes at `offset`. @throws {TcmuError} when it makes no sense. */
export function decodeTaskManagement(
  view: DataView,
  offset: number,
  length: number,
): RingTaskManagement {
  const count = length < EntryOffset.ids ? 0 : view.getUint32(offset + EntryOffset.idCount, true);
  if (length < EntryOffset.ids + count * 2) {
    throw corrupt(offset, `task management of ${count} commands in ${length} bytes`);
  }
  return {
    kind: "task-management",
    functionCode: view.getUint8(offset + EntryOffset.functionCode),
    ids: Array.from(
      { length: count },
      (_, index) => view.getUint16(offset + EntryOffset.ids + index * 2, true),
    ),
  };
}

/** An entry that the kernel cannot have meant. */
export function corrupt(offset: number, what: string): TcmuError {
  return new TcmuError(`Cannot read the command ring: at ${offset} of the memory is ${what}`);
}

function decodeArea(view: DataView, entry: number, at: number): DataArea {
  const offset = view.getBigUint64(at, true);
  const length = view.getBigUint64(at + 8, true);
  if (offset + length > BigInt(view.byteLength)) {
    throw corrupt(entry, `a data area of ${length} bytes at ${offset}`);
  }
  return { offset: Number(offset), length: Number(length) };
}

function copyCdb(view: DataView, entry: number): Uint8Array {
  const at = view.getBigUint64(entry + EntryOffset.cdb, true);
  const room = BigInt(view.byteLength) - at;
  const offset = Number(at);
  if (room >= VARIABLE_HEADER_BYTES) {
    const length = cdbBytes(view.getUint8(offset), view.getUint8(offset + 7));
    if (room >= length) return new Uint8Array(view.buffer, offset, length).slice();
  }
  throw corrupt(entry, `a command whose CDB is at ${at}`);
}

const VARIABLE_HEADER_BYTES = 8;
/** Lengths of CDBs by the three top bits of their operation code; those of vendors are taken for 10 (SAM-5 §5.2). */
const CDB_BYTES_BY_GROUP = [6, 10, 10, 12, 16, 12, 10, 10];
const VARIABLE_LENGTH = 0x7f;

function cdbBytes(operationCode: number, additionalBytes: number): number {
  return operationCode === VARIABLE_LENGTH
    ? VARIABLE_HEADER_BYTES + additionalBytes
    : CDB_BYTES_BY_GROUP[operationCode >> 5];
}
