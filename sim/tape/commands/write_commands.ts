/**
 * WRITE, WRITE FILEMARKS and ERASE in both lengths (SSC-4 §5.13, §5.15, §5.1, §6.8, §6.9, §6.1).
 *
 * @module
 */

import { readU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { EXPLICIT_LENGTH, EXPLICIT_USAGE, goToAddress } from "./explicit_address.ts";
import {
  appendMarks,
  isBlockLengthAllowed,
  synchronize,
  warningAfterWrite,
  writeBlocks,
  writeFailure,
  writeRecord,
} from "./record_sink.ts";
import { MAX_TRANSFER_BYTES } from "./transfer_length.ts";
import { eraseRefusal, writeRefusal } from "./write_permission.ts";

const FIXED = 0x01;
const FILEMARKS_IMMED = 0x01;
const ERASE_IMMED = 0x02;
const LONG = 0x01;

/** FCS and LCS of commands of 16 bytes: the first and last of a sequence. Each is its own here. */
const SEQUENCE_ENDS = 0x0c;

/** The commands that write. WSMK is refused: setmarks are obsolete. */
export const WRITE_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x0a,
    usage: [FIXED, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    dataOutLength: (cdb, drive) => writeLength(cdb, drive, readU24(cdb, 2)),
    execute: (drive, task) => write(drive, task, readU24(task.cdb, 2)),
  },
  {
    opcode: 0x8a,
    usage: [FIXED | SEQUENCE_ENDS, ...EXPLICIT_USAGE, CONTROL],
    needsMedium: true,
    feature: "explicitAddress",
    dataOutLength: (cdb, drive) => writeLength(cdb, drive, readU24(cdb, EXPLICIT_LENGTH)),
    execute: (drive, task) =>
      goToAddress(drive, task.cdb) ?? write(drive, task, readU24(task.cdb, EXPLICIT_LENGTH)),
  },
  {
    opcode: 0x10,
    usage: [FILEMARKS_IMMED, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    execute: (drive, { cdb }) => writeFilemarks(drive, cdb, readU24(cdb, 2)),
  },
  {
    opcode: 0x80,
    usage: [SEQUENCE_ENDS | FILEMARKS_IMMED, ...EXPLICIT_USAGE, CONTROL],
    needsMedium: true,
    feature: "explicitAddress",
    execute: (drive, { cdb }) =>
      goToAddress(drive, cdb) ?? writeFilemarks(drive, cdb, readU24(cdb, EXPLICIT_LENGTH)),
  },
  {
    opcode: 0x19,
    usage: [ERASE_IMMED | LONG, 0x00, 0x00, 0x00, CONTROL],
    needsMedium: true,
    execute: (drive, { cdb }) => erase(drive, cdb),
  },
  {
    opcode: 0x93,
    usage: [
      SEQUENCE_ENDS | ERASE_IMMED | LONG,
      0,
      0xff,
      ...new Array(8).fill(0xff),
      0,
      0,
      0,
      CONTROL,
    ],
    needsMedium: true,
    feature: "explicitAddress",
    execute: (drive, { cdb }) => goToAddress(drive, cdb) ?? erase(drive, cdb),
  },
];

function writeLength(cdb: Uint8Array, { modes }: DriveState, length: number): number {
  const bytes = (cdb[1] & FIXED) === 0 ? length : length * modes.blockBytes;
  return bytes > MAX_TRANSFER_BYTES ? 0 : bytes;
}

function write(drive: DriveState, task: Task, length: number): Outcome {
  const { cdb, dataOut } = task;
  const fixed = (cdb[1] & FIXED) !== 0;
  const blockBytes = fixed ? drive.modes.blockBytes : length;
  if (fixed && blockBytes === 0) return invalidField(1, 0, { information: length });
  if (length === 0) return GOOD;
  if (!isBlockLengthAllowed(drive, blockBytes)) return invalidField(2);
  if (fixed && length * blockBytes > MAX_TRANSFER_BYTES) return invalidField(2);
  const refused = writeRefusal(drive);
  if (refused !== undefined) return failed(refused);
  // A record that did not arrive whole is not written at all.
  if (dataOut.length < writeLength(cdb, drive, length)) return failed(Conditions.dataPhaseError);
  return fixed
    ? writeBlocks(drive, task, blockBytes, length)
    : writeRecord(drive, task, dataOut.subarray(0, length));
}

function writeFilemarks(drive: DriveState, cdb: Uint8Array, count: number): Outcome {
  const immediate = (cdb[1] & FILEMARKS_IMMED) !== 0;
  // There is nothing to return before (SSC-4 §6.9).
  if (immediate && drive.modes.bufferedMode === 0) return invalidField(1, 0);
  if (count === 0) return immediate ? GOOD : synchronize(drive);
  const refused = writeRefusal(drive);
  if (refused !== undefined) return failed(refused);
  const failure = appendMarks(drive, count, immediate);
  if (failure !== undefined) return failure;
  if (!immediate) {
    const lost = synchronize(drive);
    if (lost.condition !== undefined) return lost;
  }
  return warningAfterWrite(drive, 0) ?? GOOD;
}

/** Short and long alike leave end of data at the position. */
function erase(drive: DriveState, cdb: Uint8Array): Outcome {
  const refused = eraseRefusal(drive);
  if (refused !== undefined) return failed(refused);
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  try {
    drive.cutHere();
  } catch (error) {
    return failed(writeFailure(drive, error));
  }
  return (cdb[1] & ERASE_IMMED) !== 0 ? GOOD : synchronize(drive);
}
