/**
 * READ (6) and VERIFY (6) (SSC-4 §5.3, §5.11).
 *
 * @module
 */

import { readU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import {
  type Condition,
  Conditions,
  failed,
  GOOD,
  invalidField,
  type Outcome,
} from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { MAX_TRANSFER_BYTES } from "./transfer_length.ts";

const FIXED = 0x01;
const SILI = 0x02;

const NO_DATA = new Uint8Array(0);

/** The commands that read records. */
export const READ_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x08,
    usage: [FIXED | SILI, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    execute: read,
  },
  {
    // BYTCMP is refused: there is nothing to compare with but the tape itself. IMMED makes no difference.
    opcode: 0x13,
    usage: [0x04 | FIXED, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    execute: verify,
  },
];

function read(drive: DriveState, task: Task): Outcome {
  const outcome = readRecords(drive, task.cdb);
  drive.counts.hostBytesRead += outcome.dataIn?.length ?? 0;
  return outcome;
}

/** Moves as READ does and meets the same conditions, but transfers nothing. */
function verify(drive: DriveState, task: Task): Outcome {
  const { condition } = readRecords(drive, task.cdb);
  return condition === undefined ? GOOD : { condition };
}

function readRecords(drive: DriveState, cdb: Uint8Array): Outcome {
  const length = readU24(cdb, 2);
  if ((cdb[1] & FIXED) === 0) {
    return length === 0 ? GOOD : readVariable(drive, length, (cdb[1] & SILI) !== 0);
  }
  const { blockBytes } = drive.modes;
  if ((cdb[1] & SILI) !== 0) return invalidField(1, 1, { information: length });
  if (blockBytes === 0) return invalidField(1, 0, { information: length });
  if (length * blockBytes > MAX_TRANSFER_BYTES) return invalidField(2);
  return length === 0 ? GOOD : readFixed(drive, length, blockBytes);
}

/** One record of whatever length. */
function readVariable(drive: DriveState, length: number, suppressLength: boolean): Outcome {
  const stop = stopBeforeRecord(drive);
  if (stop !== undefined) return failed(stop, { information: length });
  const actual = drive.partition.recordLength(drive.object);
  const dataIn = takeRecord(drive, length);
  if (dataIn === undefined) return failed(Conditions.unrecoveredRead, { information: length });
  if (reportsLength(drive, length, actual, suppressLength)) {
    return { dataIn, ...failed(Conditions.incorrectLength, { information: length - actual }) };
  }
  return { dataIn, condition: warningOnRead(drive, 0) };
}

/** Whether a length other than the one asked for is an incorrect length (SSC-4 table 32). */
function reportsLength(
  drive: DriveState,
  length: number,
  actual: number,
  suppressLength: boolean,
): boolean {
  if (actual === length || drive.quirks.silentOverlength) return false;
  if (!suppressLength) return true;
  return actual > length && drive.modes.blockBytes !== 0;
}

/** `count` records of the block length. */
function readFixed(drive: DriveState, count: number, blockBytes: number): Outcome {
  const blocks: Uint8Array[] = [];
  for (let good = 0; good < count; good++) {
    const left = { information: count - good };
    const stop = stopBeforeRecord(drive);
    if (stop !== undefined) return { dataIn: joined(blocks), ...failed(stop, left) };
    const actual = drive.partition.recordLength(drive.object);
    const block = takeRecord(drive, blockBytes);
    if (block === undefined) {
      return { dataIn: joined(blocks), ...failed(Conditions.unrecoveredRead, left) };
    }
    blocks.push(block);
    // The wrong block is transferred too, as far as it goes; INFORMATION does not count it.
    if (actual !== blockBytes) {
      return { dataIn: joined(blocks), ...failed(Conditions.incorrectLength, left) };
    }
    const warning = warningOnRead(drive, count - good - 1);
    if (warning !== undefined) return { dataIn: joined(blocks), condition: warning };
  }
  return { dataIn: joined(blocks) };
}

/** Filemark and end of data: what there is instead of a record. A filemark is passed. */
function stopBeforeRecord(drive: DriveState): Condition | undefined {
  const { partition, object } = drive;
  if (object >= partition.objectCount) {
    return { ...Conditions.endOfData, endOfMedium: drive.inEarlyWarning };
  }
  if (partition.kind(object) !== "filemark") return undefined;
  drive.object++;
  return Conditions.filemark;
}

/** Reads the record at the position and passes it; a damaged one stays ahead, and there is no data. */
function takeRecord(drive: DriveState, maxBytes: number): Uint8Array | undefined {
  const { partition, object } = drive;
  if (partition.kind(object) === "damaged") return undefined;
  const data = partition.read(object, maxBytes);
  drive.object++;
  drive.counts.recordsRead++;
  return data;
}

/** Early warning on reading, which only REW asks for. */
function warningOnRead(drive: DriveState, left: number): Condition | undefined {
  if (!drive.modes.reportsEarlyWarningOnRead || !drive.inEarlyWarning) return undefined;
  return { ...Conditions.volumeOverflow, information: left };
}

function joined(blocks: readonly Uint8Array[]): Uint8Array {
  if (blocks.length <= 1) return blocks[0] ?? NO_DATA;
  const data = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    data.set(block, at);
    at += block.length;
  }
  return data;
}
