/**
 * READ (6) and (16) (SSC-4 §5.3, §6.2).
 *
 * @module
 */

import { readU24 } from "../../../scsi/big_endian.ts";
import { concat } from "../../../transport/concat.ts";
import type { Task } from "../../device_server.ts";
import {
  type Condition,
  Conditions,
  failed,
  GOOD,
  invalidField,
  type Outcome,
} from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { EXPLICIT_LENGTH, EXPLICIT_USAGE, goToAddress } from "./explicit_address.ts";
import { turnedRound } from "./swapped_transfer.ts";
import { roomBeyondEnd } from "./room_beyond_end.ts";
import { stopBeforeRecord, takeRecord, transferLength } from "./record_source.ts";
import { MAX_TRANSFER_BYTES } from "./transfer_length.ts";

const FIXED = 0x01;
const SILI = 0x02;

/** The commands that read records. */
export const READ_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x08,
    usage: [FIXED | SILI, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    readsTape: true,
    access: "read",
    execute: (drive, task) => read(drive, task, readU24(task.cdb, 2)),
  },
  {
    opcode: 0x88,
    usage: [FIXED | SILI, ...EXPLICIT_USAGE, CONTROL],
    needsMedium: true,
    readsTape: true,
    access: "read",
    feature: "explicitAddress",
    execute: (drive, task) =>
      goToAddress(drive, task.cdb) ?? read(drive, task, readU24(task.cdb, EXPLICIT_LENGTH)),
  },
];

function read(drive: DriveState, task: Task, length: number): Outcome {
  const outcome = readRecords(drive, task, length);
  drive.counts.hostBytesRead += outcome.dataIn?.length ?? 0;
  return outcome;
}

/** What READ and VERIFY of `length` bytes or blocks, by the FIXED and SILI bits of byte 1, come to. */
export function readRecords(drive: DriveState, task: Task, length: number): Outcome {
  const isFixed = (task.cdb[1] & FIXED) !== 0;
  const suppressLength = (task.cdb[1] & SILI) !== 0;
  const { blockBytes } = drive.modes;
  if (isFixed) {
    if (suppressLength) return invalidField(1, 1, { information: length });
    if (blockBytes === 0) return invalidField(1, 0, { information: length });
    if (length * blockBytes > MAX_TRANSFER_BYTES) return invalidField(2);
  }
  if (length === 0) return GOOD;
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost, { information: length });
  if (isFixed) return readFixed(drive, task, length, blockBytes);
  const refused = roomBeyondEnd(drive, length);
  if (refused !== undefined) return refused;
  const outcome = readVariable(drive, task, length, suppressLength && !drive.quirks.siliIgnored);
  return drive.quirks.swappedResidual ? turnedRound(outcome, length) : outcome;
}

/** One record of whatever length. */
function readVariable(
  drive: DriveState,
  { nexus }: Task,
  length: number,
  suppressLength: boolean,
): Outcome {
  const stop = stopBeforeRecord(drive);
  if (stop !== undefined) return failed(stop, { information: length });
  const actual = transferLength(drive, drive.object);
  const { data, condition } = takeRecord(drive, nexus, length);
  if (data === undefined) return failed(condition as Condition, { information: length });
  if (reportsLength(drive, length, actual, suppressLength)) {
    const wrong = condition === undefined
      ? Conditions.incorrectLength
      : { ...condition, incorrectLength: true };
    return { dataIn: data, ...failed(wrong, { information: length - actual }) };
  }
  return { dataIn: data, condition: condition ?? warningOnRead(drive, 0) };
}

/** Whether a length other than the one asked for is an incorrect length (SSC-4 table 32). */
export function reportsLength(
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
function readFixed(drive: DriveState, { nexus }: Task, count: number, blockBytes: number): Outcome {
  const blocks: Uint8Array[] = [];
  let recovered: Condition | undefined;
  for (let good = 0; good < count; good++) {
    const left = { information: count - good };
    const stop = stopBeforeRecord(drive);
    if (stop !== undefined) return { dataIn: joined(blocks), ...failed(stop, left) };
    const actual = transferLength(drive, drive.object);
    const { data, condition } = takeRecord(drive, nexus, blockBytes);
    if (data === undefined) return { dataIn: joined(blocks), ...failed(condition!, left) };
    blocks.push(data);
    // The wrong block is transferred too, as far as it goes; INFORMATION does not count it.
    if (actual !== blockBytes) {
      return { dataIn: joined(blocks), ...failed(Conditions.incorrectLength, left) };
    }
    recovered ??= condition;
    const warning = warningOnRead(drive, count - good - 1);
    if (warning !== undefined) return { dataIn: joined(blocks), condition: warning };
  }
  return { dataIn: joined(blocks), condition: recovered };
}

/** Early warning on reading, which only REW asks for. */
function warningOnRead(drive: DriveState, left: number): Condition | undefined {
  if (!drive.modes.reportsEarlyWarningOnRead || !drive.inEarlyWarning) return undefined;
  return { ...Conditions.volumeOverflow, information: left };
}

/** The blocks one after another; a single one is not copied. */
export function joined(blocks: readonly Uint8Array[]): Uint8Array {
  return blocks.length === 1 ? blocks[0] : concat(blocks);
}
