/**
 * GENERATE and RECEIVE RECOMMENDED ACCESS ORDER (SSC-5, LTO-9): in which order pieces of a tape are read fastest.
 *
 * @module
 */

import { readU16, readU32, readU64, writeU16, writeU32 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import {
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
} from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { locateMs } from "../drive_timing.ts";
import type { Medium } from "../medium.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { cutToAllocation } from "./transfer_length.ts";

const SERVICE_ACTION = 0x1f;
const UDS_LIMITS = 0x80;
const PROCESS = 0x07;
const UDS_TYPE = 0x1f;
const LENGTH = [0xff, 0xff, 0xff, 0xff];

const HEADER_LENGTH = 8;
const SEGMENT_LENGTH = 32;
const PARTITION = 15;
const FIRST_OBJECT = 16;
const LAST_OBJECT = 24;

/** As many as an LTO-9 drive takes. */
const MAX_SEGMENTS = 2730;

/** The commands about the order of access. Where the tape stands when they are made, the first way begins. */
export const ACCESS_ORDER_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0xa4,
    serviceAction: 0x1d,
    usage: [SERVICE_ACTION, PROCESS, 0, 0, 0, ...LENGTH, UDS_TYPE, CONTROL],
    needsMedium: true,
    feature: "accessOrder",
    dataOutLength: (cdb) =>
      Math.min(readU32(cdb, 6), HEADER_LENGTH + MAX_SEGMENTS * SEGMENT_LENGTH),
    execute: generate,
  },
  {
    opcode: 0xa3,
    serviceAction: 0x1d,
    usage: [UDS_LIMITS | SERVICE_ACTION, ...LENGTH, ...LENGTH, UDS_TYPE, CONTROL],
    needsMedium: true,
    access: "read",
    feature: "accessOrder",
    execute: receive,
  },
];

/** Byte, 0 to 1, of the volume where an object lies. */
function place(drive: DriveState, partition: number, object: number): number {
  const { partitions } = drive.medium as Medium;
  const { objectCount } = partitions[partition];
  let bytes = partitions[partition].bytesBefore(Math.min(object, objectCount));
  for (let other = 0; other < partition; other++) bytes += drive.partitionBytes(other);
  return bytes / drive.volumeBytes;
}

function generate(drive: DriveState, { cdb, dataOut }: Task): Outcome {
  const length = readU32(cdb, 6);
  if ((cdb[10] & UDS_TYPE) !== 0) return invalidField(10);
  if (length === 0) return GOOD;
  const list = dataOut.subarray(0, length);
  const segmentBytes = length - HEADER_LENGTH;
  if (list.length < length || segmentBytes < 0 || segmentBytes % SEGMENT_LENGTH !== 0) {
    return failed(Conditions.parameterListLength);
  }
  if (readU32(list, 4) !== segmentBytes) return invalidParameter(4);
  if (segmentBytes > MAX_SEGMENTS * SEGMENT_LENGTH) return invalidParameter(4);
  const segments: Uint8Array[] = [];
  for (let at = HEADER_LENGTH; at < length; at += SEGMENT_LENGTH) {
    const segment = new Uint8Array(list.subarray(at, at + SEGMENT_LENGTH));
    if (readU16(segment, 0) !== SEGMENT_LENGTH - 2) return invalidParameter(at);
    const partitions = drive.medium?.partitions.length ?? 0;
    if (segment[PARTITION] >= partitions) return invalidParameter(at + PARTITION);
    segments.push(segment);
  }
  drive.accessOrder = ordered(drive, segments);
  return GOOD;
}

/** Always the nearest that is left: the way from the end of one to the beginning of the next. */
function ordered(drive: DriveState, segments: readonly Uint8Array[]): Uint8Array[] {
  const { motion } = drive.personality;
  const left = segments.map((segment) => ({
    segment,
    begin: place(drive, segment[PARTITION], Number(readU64(segment, FIRST_OBJECT))),
    end: place(drive, segment[PARTITION], Number(readU64(segment, LAST_OBJECT))),
  }));
  const order: Uint8Array[] = [];
  let here = drive.place;
  while (left.length > 0) {
    let nearest = 0;
    for (let index = 1; index < left.length; index++) {
      const isNearer = locateMs(motion, here, left[index].begin) <
        locateMs(motion, here, left[nearest].begin);
      if (isNearer) nearest = index;
    }
    const [next] = left.splice(nearest, 1);
    order.push(next.segment);
    here = next.end;
  }
  return order;
}

function receive(drive: DriveState, { cdb }: Task): Outcome {
  const allocationLength = readU32(cdb, 6);
  if ((cdb[1] & UDS_LIMITS) !== 0) {
    const limits = new Uint8Array(4);
    writeU16(limits, 0, MAX_SEGMENTS);
    writeU16(limits, 2, SEGMENT_LENGTH);
    return { dataIn: cutToAllocation(limits, allocationLength) };
  }
  const { accessOrder } = drive;
  if (accessOrder === undefined) return failed(Conditions.sequenceError);
  const offset = readU32(cdb, 2);
  const data = new Uint8Array(HEADER_LENGTH + accessOrder.length * SEGMENT_LENGTH);
  writeU32(data, 4, accessOrder.length * SEGMENT_LENGTH);
  accessOrder.forEach((segment, index) =>
    data.set(segment, HEADER_LENGTH + index * SEGMENT_LENGTH)
  );
  if (offset > data.length) return invalidField(2);
  return { dataIn: cutToAllocation(data.subarray(offset), allocationLength) };
}
