/**
 * READ POSITION (SSC-4 §7.6).
 *
 * @module
 */

import { readU16, writeU16, writeU24, writeU32, writeU64 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { invalidField, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { cutToAllocation } from "./transfer_length.ts";

const SERVICE_ACTION = 0x1f;

// Byte 0 of the three forms.
const BEGINNING = 0x80;
const END_OF_PARTITION = 0x40;
const BYTES_UNKNOWN = 0x10;
const UNKNOWN = 0x04;
const POSITION_ERROR = 0x02;
const BEYOND_PROGRAMMABLE_WARNING = 0x01;
/** Long form only: the file number is not known. */
const FILE_UNKNOWN = 0x08;

const SHORT_LENGTH = 20;
const LONG_LENGTH = 32;
const EXTENDED_LENGTH = 32;

const MAX_SHORT_OBJECT = 0xffffffff;

/** READ POSITION. */
export const READ_POSITION: DriveCommand = {
  opcode: 0x34,
  usage: [SERVICE_ACTION, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
  needsMedium: true,
  access: "read",
  execute: readPosition,
};

function readPosition(drive: DriveState, { cdb }: Task): Outcome {
  const allocationLength = readU16(cdb, 7);
  switch (cdb[1] & SERVICE_ACTION) {
    case 0x00:
    case 0x01:
      return allocationLength === 0 ? { dataIn: shortForm(drive) } : invalidField(7);
    case 0x06:
      return allocationLength === 0 ? { dataIn: longForm(drive) } : invalidField(7);
    case 0x08:
      return { dataIn: cutToAllocation(extendedForm(drive), allocationLength) };
    default:
      return invalidField(1, 4);
  }
}

/** The first object is where the tape stands for the initiator, the last is the next to go from the buffer to the tape. */
function shortForm(drive: DriveState): Uint8Array {
  const data = new Uint8Array(SHORT_LENGTH);
  const object = reportedObject(drive);
  if (drive.quirks.positionUnknown) {
    // As tgt has it: the byte count and the position are unknown, the object count is not.
    data[0] = BYTES_UNKNOWN | UNKNOWN;
    return data;
  }
  data[0] = placeFlags(drive);
  data[1] = drive.partitionNumber;
  if (object > MAX_SHORT_OBJECT) {
    data[0] |= POSITION_ERROR;
    return data;
  }
  writeU32(data, 4, object);
  writeU32(data, 8, reportedObject(drive, drive.buffer.first));
  writeU24(data, 13, drive.buffer.objectCount(drive.object));
  writeU32(data, 16, drive.buffer.byteCount(drive.partition, drive.object));
  return data;
}

function longForm(drive: DriveState): Uint8Array {
  const data = new Uint8Array(LONG_LENGTH);
  if (drive.quirks.positionUnknown) {
    data[0] = UNKNOWN;
    return data;
  }
  data[0] = placeFlags(drive);
  writeU32(data, 4, drive.partitionNumber);
  writeU64(data, 8, BigInt(reportedObject(drive)));
  if (drive.knowsFileNumber) {
    writeU64(data, 16, BigInt(drive.partition.filemarksBefore(drive.object)));
  } else data[0] |= FILE_UNKNOWN;
  return data;
}

function extendedForm(drive: DriveState): Uint8Array {
  const data = new Uint8Array(EXTENDED_LENGTH);
  writeU16(data, 2, EXTENDED_LENGTH - 4);
  if (drive.quirks.positionUnknown) {
    data[0] = BYTES_UNKNOWN | UNKNOWN;
    return data;
  }
  data[0] = placeFlags(drive);
  data[1] = drive.partitionNumber;
  writeU24(data, 5, drive.buffer.objectCount(drive.object));
  writeU64(data, 8, BigInt(reportedObject(drive)));
  writeU64(data, 16, BigInt(reportedObject(drive, drive.buffer.first)));
  writeU64(data, 24, BigInt(drive.buffer.byteCount(drive.partition, drive.object)));
  return data;
}

function placeFlags(drive: DriveState): number {
  return (drive.object === 0 ? BEGINNING : 0) | (drive.inEarlyWarning ? END_OF_PARTITION : 0) |
    (drive.inProgrammableEarlyWarning ? BEYOND_PROGRAMMABLE_WARNING : 0);
}

function reportedObject(drive: DriveState, object: number = drive.object): number {
  const { positionOffByOneAfterMotion, positionLeavesFilemarksOut } = drive.quirks;
  const isOff = positionOffByOneAfterMotion && (object > 0 || drive.isSpacedTo);
  const uncounted = positionLeavesFilemarksOut ? drive.partition.filemarksBefore(object) : 0;
  return (isOff ? object + 1 : object) - uncounted;
}
