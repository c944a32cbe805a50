/**
 * Volume statistics, log page 17h (SSC-4 §8.2.9).
 *
 * @module
 */

import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { DriveState } from "../drive_state.ts";
import type { Medium } from "../medium.ts";
import {
  byte,
  counter32,
  type DriveLogPage,
  megabytes,
  number16,
  number64,
  partitionRecords,
  text,
} from "./log_parameter.ts";

const MEGABYTE = 1_000_000;

/** The parameters; PAGE VALID alone without a cartridge. */
export const volumeStatistics: DriveLogPage["parameters"] = (drive) => {
  const { medium } = drive;
  return drive.loaded && medium !== undefined ? statistics(drive, medium) : [byte(0x0000, 0)];
};

function statistics(drive: DriveState, medium: Medium): LogParameter[] {
  const { counts, volumeBytes } = drive;
  const { state } = medium;
  const totals = medium.partitions.map((_, index) => drive.partitionBytes(index));
  const used = medium.partitions.map((each) => each.bytesBefore(each.objectCount));
  const left = totals.map((bytes, index) => Math.max(0, bytes - used[index]));
  return [
    byte(0x0000, 1),
    counter32(0x0001, state.loadCount ?? 0),
    counter32(0x0002, counts.recordsWritten),
    counter32(0x0003, 0),
    number16(0x0004, counts.unrecoveredWrites),
    number16(0x0005, 0),
    number16(0x0006, 0),
    counter32(0x0007, counts.recordsRead),
    counter32(0x0008, counts.recoveredReads),
    number16(0x0009, counts.unrecoveredReads),
    number64(0x0010, (state.bytesWritten ?? 0) / MEGABYTE),
    number64(0x0011, (state.bytesRead ?? 0) / MEGABYTE),
    megabytes(0x0016, volumeBytes),
    megabytes(0x0017, used.reduce((sum, bytes) => sum + bytes, 0)),
    megabytes(0x0018, volumeBytes),
    byte(0x0019, 100),
    text(0x0042, state.barcode ?? "", 32),
    byte(0x0080, drive.isWriteProtected ? 1 : 0),
    byte(0x0081, drive.isWorm ? 1 : 0),
    partitionRecords(0x0202, totals),
    partitionRecords(0x0203, used),
    partitionRecords(0x0204, left),
  ];
}
