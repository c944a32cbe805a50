/**
 * VERIFY (6) and (16) (SSC-4 §5.11, §6.7).
 *
 * @module
 */

import { readU24 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { EXPLICIT_LENGTH, EXPLICIT_USAGE, goToAddress } from "./explicit_address.ts";
import { readRecords } from "./read_commands.ts";
import { stopBeforeRecord, takeRecord } from "./record_source.ts";
import { MAX_TRANSFER_BYTES } from "./transfer_length.ts";

const FIXED = 0x01;
const COMPARE = 0x02;
const IMMED = 0x04;
const BY_FILEMARKS = 0x08;
const PROTECTION = 0x10;
const TO_END = 0x20;
const BITS = TO_END | PROTECTION | BY_FILEMARKS | IMMED | COMPARE | FIXED;

/** The commands that verify. IMMED and VLBPM make no difference: every block is checked, at once. */
export const VERIFY_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x13,
    usage: [BITS, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    readsTape: true,
    access: "read",
    dataOutLength: (cdb, drive) => compareLength(cdb, drive, readU24(cdb, 2)),
    execute: (drive, task) => verify(drive, task, readU24(task.cdb, 2)),
  },
  {
    opcode: 0x8f,
    usage: [BITS, ...EXPLICIT_USAGE, CONTROL],
    needsMedium: true,
    readsTape: true,
    access: "read",
    feature: "explicitAddress",
    dataOutLength: (cdb, drive) => compareLength(cdb, drive, readU24(cdb, EXPLICIT_LENGTH)),
    execute: (drive, task) =>
      goToAddress(drive, task.cdb) ?? verify(drive, task, readU24(task.cdb, EXPLICIT_LENGTH)),
  },
];

function compareLength(cdb: Uint8Array, { modes }: DriveState, length: number): number {
  if ((cdb[1] & COMPARE) === 0) return 0;
  const bytes = (cdb[1] & FIXED) === 0 ? length : length * modes.blockBytes;
  return bytes > MAX_TRANSFER_BYTES ? 0 : bytes;
}

/** Moves as READ does and meets the same conditions; transfers nothing, or compares. */
function verify(drive: DriveState, task: Task, length: number): Outcome {
  const [, bits] = task.cdb;
  if ((bits & (TO_END | BY_FILEMARKS)) !== 0) {
    if ((bits & COMPARE) !== 0) return invalidField(1, 1);
    return verifyOn(drive, task, (bits & TO_END) !== 0 ? Infinity : length);
  }
  // SILI is not a bit of VERIFY; BYTCMP has its place.
  const cdb = new Uint8Array(task.cdb);
  cdb[1] &= FIXED;
  const { dataIn, condition } = readRecords(drive, { ...task, cdb }, length);
  if ((bits & COMPARE) !== 0 && dataIn !== undefined && !isSame(dataIn, task.dataOut)) {
    return failed(Conditions.miscompare);
  }
  return condition === undefined ? GOOD : { condition };
}

/** Over whatever comes, up to the filemark with this number, or to end of data. */
function verifyOn(drive: DriveState, { nexus }: Task, filemarks: number): Outcome {
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  for (let left = filemarks; left > 0;) {
    const stop = stopBeforeRecord(drive);
    if (stop?.filemark) left--;
    else if (stop !== undefined) {
      return left === Infinity ? GOOD : failed(stop, { information: left });
    } else {
      const { data, condition } = takeRecord(drive, nexus, Infinity);
      if (data === undefined) {
        return failed(condition!, left === Infinity ? {} : { information: left });
      }
    }
  }
  return GOOD;
}

function isSame(read: Uint8Array, sent: Uint8Array): boolean {
  return read.every((byte, at) => byte === sent[at]);
}
