/**
 * Records off the tape, one at a time: what there is instead of one, and what keeps it from being read.
 *
 * @module
 */

import { crc32c, writeDigest } from "../../../iscsi/pdu/crc32c.ts";
import { SenseKey } from "../../../scsi/sense_codes.ts";
import type { Nexus } from "../../device_server.ts";
import { type Condition, Conditions } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { TapeAlert } from "../tape_alerts.ts";
import { behindFilemark } from "./missed_filemark.ts";

/** CRC32C behind each block, with logical block protection (SSC-4 §4.2.29). */
export const PROTECTION_BYTES = 4;

/** A record, or why there is none; both for a recovered error. */
export interface TakenRecord {
  readonly data?: Uint8Array;
  readonly condition?: Condition;
}

/** Filemark and end of data: what there is instead of a record ahead. A filemark is passed. */
export function stopBeforeRecord(drive: DriveState): Condition | undefined {
  const { partition, object } = drive;
  if (object >= partition.objectCount) {
    return { ...Conditions.endOfData, endOfMedium: drive.inEarlyWarning };
  }
  if (partition.kind(object) !== "filemark") return undefined;
  drive.object = behindFilemark(drive);
  drive.isSpacedTo = false;
  return Conditions.filemark;
}

/** Filemark and beginning of the partition: the same behind. */
export function stopBehindRecord(drive: DriveState): Condition | undefined {
  const { partition, object } = drive;
  if (object === 0) return Conditions.beginningOfPartition;
  if (partition.kind(object - 1) !== "filemark") return undefined;
  drive.object--;
  return Conditions.filemark;
}

/** Bytes that the record `object` has for the initiator. */
export function transferLength(drive: DriveState, object: number): number {
  const length = drive.partition.recordLength(object);
  return drive.modes.protectsReads ? length + PROTECTION_BYTES : length;
}

/** Reads the record at the position, at most `maxBytes` of it, and passes it; one that cannot be read stays ahead. */
export function takeRecord(drive: DriveState, nexus: Nexus, maxBytes: number): TakenRecord {
  const taken = contents(drive, nexus, drive.object, maxBytes);
  if (taken.data === undefined) return taken;
  drive.object++;
  drive.isSpacedTo = false;
  return taken;
}

/** Reads the record behind the position, and passes it backwards. */
export function takeRecordBehind(drive: DriveState, nexus: Nexus, maxBytes: number): TakenRecord {
  const taken = contents(drive, nexus, drive.object - 1, maxBytes);
  if (taken.data !== undefined) drive.object--;
  return taken;
}

function contents(
  drive: DriveState,
  nexus: Nexus,
  object: number,
  maxBytes: number,
): TakenRecord {
  const { partition, counts } = drive;
  const failure = readFailure(drive, object);
  if (failure !== undefined && failure.key !== SenseKey.RecoveredError) {
    counts.unrecoveredReads++;
    drive.tapeAlerts.raise(TapeAlert.HardError);
    drive.tapeAlerts.raise(TapeAlert.ReadFailure);
    return { condition: failure };
  }
  if (failure !== undefined) counts.recoveredReads++;
  const seal = partition.seal(object);
  const isWhole = seal !== undefined || drive.modes.protectsReads;
  const stored = partition.read(object, isWhole ? Infinity : maxBytes);
  const opened = drive.encryption.open(nexus, stored, seal);
  if ("refused" in opened) return { condition: opened.refused };
  counts.recordsRead++;
  counts.mediumBytesRead += opened.data.length / drive.compressionRatio;
  const data = drive.modes.protectsReads ? withProtection(opened.data) : opened.data;
  return { data: data.length <= maxBytes ? data : data.subarray(0, maxBytes), condition: failure };
}

function readFailure(drive: DriveState, object: number): Condition | undefined {
  if (drive.partition.kind(object) === "damaged") return Conditions.unrecoveredRead;
  if (drive.badBlocks.isEmpty) return undefined;
  return drive.badBlocks.failure("read", drive.partitionNumber, object);
}

function withProtection(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + PROTECTION_BYTES);
  bytes.set(data);
  writeDigest(bytes, data.length, crc32c(data));
  return bytes;
}
