/**
 * WRITE (6), WRITE FILEMARKS (6) and ERASE (6) (SSC-4 §5.13, §5.15, §5.1).
 *
 * @module
 */

import { readU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { allowsLength } from "../block_limits.ts";
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
import { FILEMARK_BYTES, MediumError } from "../medium.ts";
import { MAX_TRANSFER_BYTES } from "./transfer_length.ts";

const FIXED = 0x01;
const FILEMARKS_IMMED = 0x01;
const ERASE_IMMED = 0x02;
const LONG = 0x01;

/** The commands that write. */
export const WRITE_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x0a,
    usage: [FIXED, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    dataOutLength: writeLength,
    execute: write,
  },
  {
    // WSMK is refused: setmarks are obsolete.
    opcode: 0x10,
    usage: [FILEMARKS_IMMED, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    execute: writeFilemarks,
  },
  {
    opcode: 0x19,
    usage: [ERASE_IMMED | LONG, 0x00, 0x00, 0x00, CONTROL],
    needsMedium: true,
    execute: erase,
  },
];

function writeLength(cdb: Uint8Array, drive: DriveState): number {
  const length = readU24(cdb, 2);
  const bytes = (cdb[1] & FIXED) === 0 ? length : length * drive.modes.blockBytes;
  return bytes > MAX_TRANSFER_BYTES ? 0 : bytes;
}

function write(drive: DriveState, { cdb, dataOut }: Task): Outcome {
  const length = readU24(cdb, 2);
  const fixed = (cdb[1] & FIXED) !== 0;
  const blockBytes = fixed ? drive.modes.blockBytes : length;
  if (fixed && blockBytes === 0) return invalidField(1, 0, { information: length });
  if (length === 0) return GOOD;
  if (!allowsLength(drive.blockLimits, blockBytes)) return invalidField(2);
  if (fixed && length * blockBytes > MAX_TRANSFER_BYTES) return invalidField(2);
  const protection = drive.writeProtection();
  if (protection !== undefined) return failed(protection);
  // A record that did not arrive whole is not written at all.
  if (dataOut.length < writeLength(cdb, drive)) return failed(Conditions.dataPhaseError);
  return fixed
    ? writeBlocks(drive, dataOut, blockBytes, length)
    : writeRecord(drive, dataOut.subarray(0, length));
}

function writeRecord(drive: DriveState, data: Uint8Array): Outcome {
  const failure = append(drive, data);
  if (failure !== undefined) return failed(failure, { information: data.length });
  return drive.inEarlyWarning ? earlyWarning(drive, 0) : GOOD;
}

/** Blocks up to the first that ends in the early-warning zone; INFORMATION is how many were not written. */
function writeBlocks(drive: DriveState, data: Uint8Array, bytes: number, count: number): Outcome {
  for (let written = 0; written < count; written++) {
    const failure = append(drive, data.subarray(written * bytes, (written + 1) * bytes));
    if (failure !== undefined) return failed(failure, { information: count - written });
    if (drive.inEarlyWarning) return earlyWarning(drive, count - written - 1);
  }
  return GOOD;
}

/** Writes one record at the position and passes it, or tells why it was not written. */
function append(drive: DriveState, data: Uint8Array): Condition | undefined {
  try {
    drive.cutHere();
    if (data.length > drive.remainingBytes) return Conditions.volumeOverflow;
    drive.partition.appendRecord(data);
  } catch (error) {
    return writeFailure(error);
  }
  drive.object++;
  drive.counts.recordsWritten++;
  drive.counts.hostBytesWritten += data.length;
  return undefined;
}

function writeFilemarks(drive: DriveState, { cdb }: Task): Outcome {
  const count = readU24(cdb, 2);
  const immediate = (cdb[1] & FILEMARKS_IMMED) !== 0;
  if (count === 0) return immediate ? GOOD : synchronize(drive);
  const protection = drive.writeProtection();
  if (protection !== undefined) return failed(protection);
  const failure = appendFilemarks(drive, count);
  if (failure !== undefined) return failure;
  if (!immediate) {
    const lost = synchronize(drive);
    if (lost.condition !== undefined) return lost;
  }
  return drive.inEarlyWarning ? earlyWarning(drive, 0) : GOOD;
}

function appendFilemarks(drive: DriveState, count: number): Outcome | undefined {
  try {
    drive.cutHere();
    const room = Math.floor(drive.remainingBytes / FILEMARK_BYTES);
    const made = Math.max(0, Math.min(count, room));
    drive.partition.appendFilemarks(made);
    drive.object += made;
    drive.counts.filemarksWritten += made;
    if (made === count) return undefined;
    return failed(Conditions.volumeOverflow, { information: count - made });
  } catch (error) {
    return failed(writeFailure(error), { information: count });
  }
}

/** Short and long alike leave end of data at the position. */
function erase(drive: DriveState, { cdb }: Task): Outcome {
  const protection = drive.writeProtection();
  if (protection !== undefined) return failed(protection);
  try {
    drive.cutHere();
  } catch (error) {
    return failed(writeFailure(error));
  }
  return (cdb[1] & ERASE_IMMED) !== 0 ? GOOD : synchronize(drive);
}

function earlyWarning(drive: DriveState, information: number): Outcome {
  if (drive.modes.synchronizesAtEarlyWarning) {
    const lost = synchronize(drive);
    if (lost.condition !== undefined) return lost;
  }
  return failed(Conditions.earlyWarning, { information });
}

/** Makes everything written so far last. */
export function synchronize(drive: DriveState): Outcome {
  try {
    drive.flush();
    return GOOD;
  } catch (error) {
    return failed(writeFailure(error));
  }
}

function writeFailure(error: unknown): Condition {
  if (error instanceof MediumError) return Conditions.writeError;
  throw error;
}
