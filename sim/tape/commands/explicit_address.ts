/**
 * Commands of 16 bytes that name the object they begin with (SSC-4 §4.2.4, explicit address mode).
 *
 * @module
 */

import { readU64 } from "../../../scsi/big_endian.ts";
import { Conditions, failed, invalidField, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";

const PARTITION = 3;
const OBJECT = 4;

/** CDB usage of partition, object and 24-bit length, from byte 2 on. */
export const EXPLICIT_USAGE: readonly number[] = [
  ...[0, 0xff],
  ...new Array(8).fill(0xff),
  ...[0xff, 0xff, 0xff],
];

/** Where the length of these commands is. */
export const EXPLICIT_LENGTH = 12;

/** Goes to the object that the CDB names; what it comes to when there is no such place. */
export function goToAddress(drive: DriveState, cdb: Uint8Array): Outcome | undefined {
  const partition = cdb[PARTITION];
  const object = Number(readU64(cdb, OBJECT));
  if (partition >= (drive.medium?.partitions.length ?? 0)) return invalidField(PARTITION);
  if (partition === drive.partitionNumber && object === drive.object) return undefined;
  const lost = drive.drain();
  if (lost !== undefined) return failed(lost);
  drive.partitionNumber = partition;
  const { objectCount } = drive.partition;
  drive.object = Math.min(object, objectCount);
  return object > objectCount ? failed(Conditions.endOfData) : undefined;
}
