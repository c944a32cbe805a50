/**
 * REWIND, SPACE and LOCATE (SSC-4 §5.10, §5.12, §7.3, §7.4).
 *
 * @module
 */

import { readU24, readU32, readU64 } from "../../../scsi/big_endian.ts";
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
import { spaceBlocks, spaceFilemarks, spaceSequentialFilemarks } from "./spacing.ts";
import { synchronize } from "./record_sink.ts";

const CODE = 0x0f;
const IMMED = 0x01;
const CHANGE_PARTITION = 0x02;
const BLOCK_ADDRESS_TYPE = 0x04;
const DESTINATION = 0x38;

/** The commands that move the tape. IMMED makes a difference only to a drive that takes time. */
export const POSITION_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x01,
    usage: [IMMED, 0x00, 0x00, 0x00, CONTROL],
    needsMedium: true,
    execute: rewind,
  },
  {
    opcode: 0x11,
    usage: [CODE, 0xff, 0xff, 0xff, CONTROL],
    needsMedium: true,
    readsTape: true,
    execute: (drive, { cdb }) => space(drive, cdb[1] & CODE, (readU24(cdb, 2) << 8) >> 8),
  },
  {
    opcode: 0x91,
    usage: [CODE, 0, 0, ...bytes(8), 0, 0, 0, CONTROL],
    needsMedium: true,
    readsTape: true,
    execute: (drive, { cdb }) =>
      space(drive, cdb[1] & CODE, Number(BigInt.asIntN(64, readU64(cdb, 4)))),
  },
  {
    // Block addresses of either type are object numbers here.
    opcode: 0x2b,
    usage: [BLOCK_ADDRESS_TYPE | CHANGE_PARTITION | IMMED, 0, ...bytes(4), 0, 0xff, CONTROL],
    needsMedium: true,
    readsTape: true,
    execute: locate10,
  },
  {
    opcode: 0x92,
    usage: [DESTINATION | CHANGE_PARTITION | IMMED, 0, 0xff, ...bytes(8), 0, 0, 0, CONTROL],
    needsMedium: true,
    readsTape: true,
    execute: locate16,
  },
];

function bytes(count: number): number[] {
  return new Array(count).fill(0xff);
}

/** What is buffered gets to the tape before it moves. */
function rewind(drive: DriveState): Outcome {
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  drive.object = 0;
  drive.isRewound = true;
  drive.isSpacedTo = false;
  drive.knowsFileNumber = true;
  return synchronize(drive);
}

function space(drive: DriveState, code: number, asked: number): Outcome {
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  const isShort = drive.quirks.spaceShortAfterRewind && drive.isRewound && code === 0 && asked > 0;
  const count = isShort ? asked - 1 : asked;
  drive.isRewound = false;
  switch (code) {
    case 0:
      drive.isSpacedTo ||= count !== 0;
      return spaced(drive, count, spaceBlocks(drive, count));
    case 1: {
      const { object } = drive;
      const stop = spaceFilemarks(drive, count);
      drive.isSpacedTo &&= stop !== undefined && drive.object === object;
      return spaced(drive, count, stop);
    }
    case 2:
      return spaced(drive, count, spaceSequentialFilemarks(drive, count));
    case 3:
      return spaceToEnd(drive);
    default:
      return invalidField(1, 3);
  }
}

function spaceToEnd(drive: DriveState): Outcome {
  const { objectCount } = drive.partition;
  const isRecordLast = objectCount > 0 && drive.partition.kind(objectCount - 1) !== "filemark";
  const isShort = drive.quirks.spaceEndOfDataShort && isRecordLast;
  drive.object = isShort ? objectCount - 1 : objectCount;
  drive.knowsFileNumber = !drive.quirks.fileNumberLost;
  return GOOD;
}

function spaced(drive: DriveState, count: number, condition: Condition | undefined): Outcome {
  if (condition === undefined) return GOOD;
  const { information } = condition;
  const negative = drive.quirks.negativeReverseResidual && count < 0;
  if (!negative || information === undefined) return failed(condition);
  return failed(condition, { information: -information });
}

function locate10(drive: DriveState, { cdb }: Task): Outcome {
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  if (!changePartition(drive, cdb, cdb[8])) return invalidField(8);
  return locateObject(drive, readU32(cdb, 3));
}

function locate16(drive: DriveState, { cdb }: Task): Outcome {
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  const target = Number(readU64(cdb, 4));
  const destination = (cdb[1] & DESTINATION) >> 3;
  if (destination === 2 || destination > 3) return invalidField(1, 5);
  if (!changePartition(drive, cdb, cdb[3])) return invalidField(3);
  switch (destination) {
    case 0:
      return locateObject(drive, target);
    case 1:
      return locateFile(drive, target);
    default:
      return moveTo(drive, drive.partition.objectCount);
  }
}

/** Goes to the partition that the CDB names, if it asks for a change; false when there is no such partition. */
function changePartition(drive: DriveState, cdb: Uint8Array, partition: number): boolean {
  if ((cdb[1] & CHANGE_PARTITION) === 0 || partition === drive.partitionNumber) return true;
  if (partition >= (drive.medium?.partitions.length ?? 0)) return false;
  drive.partitionNumber = partition;
  drive.object = 0;
  return true;
}

function locateObject(drive: DriveState, address: number): Outcome {
  const shifted = drive.quirks.positionOffByOneAfterMotion && address > 0;
  const object = shifted ? address - 1 : address;
  const { positionLeavesFilemarksOut } = drive.quirks;
  const outcome = moveTo(drive, positionLeavesFilemarksOut ? beforeRecord(drive, object) : object);
  drive.isSpacedTo = address > 0;
  return outcome;
}

/** The object that the record with so many before it is. */
function beforeRecord({ partition }: DriveState, records: number): number {
  if (records === 0) return 0;
  let filemarks = 0;
  const isBefore = () => partition.filemarkAt(filemarks) <= records + filemarks;
  while (filemarks < partition.filemarkCount && isBefore()) filemarks++;
  return records + filemarks;
}

/** The beginning of a file: just after the filemark with that number, counted from 1; file 0 begins the partition. */
function locateFile(drive: DriveState, file: number): Outcome {
  const { partition } = drive;
  if (file > partition.filemarkCount) return moveTo(drive, Infinity);
  return moveTo(drive, file === 0 ? 0 : partition.filemarkAt(file - 1) + 1);
}

function moveTo(drive: DriveState, object: number): Outcome {
  const { objectCount } = drive.partition;
  drive.isSpacedTo = true;
  drive.object = Math.min(object, objectCount);
  drive.knowsFileNumber = !drive.quirks.fileNumberLost;
  if (object <= objectCount) return GOOD;
  return failed(Conditions.endOfData, { endOfMedium: drive.inEarlyWarning });
}
