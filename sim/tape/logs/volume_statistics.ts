/**
 * Volume statistics, log page 17h (SSC-4 §8.2.9).
 *
 * @module
 */

import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { DriveState } from "../drive_state.ts";
import { mediumSerialNumber } from "../attributes/cartridge_memory.ts";
import type { Medium } from "../medium.ts";
import type { CountName } from "../transfer_counts.ts";
import type { VolumeUse } from "../volume_use.ts";
import {
  byte,
  counter32,
  type DriveLogPage,
  megabytes,
  number16,
  number48,
  number64,
  partitionRecords,
  text,
} from "./log_parameter.ts";

const MEGABYTE = 1_000_000;
const HUNDREDTHS = 100;

/** The parameters; PAGE VALID alone without a cartridge. */
export const volumeStatistics: DriveLogPage["parameters"] = (drive) => {
  const { medium } = drive;
  return drive.loaded && medium !== undefined ? statistics(drive, medium) : [byte(0x0000, 0)];
};

function statistics(drive: DriveState, medium: Medium): LogParameter[] {
  drive.settleCounts();
  const { volumeBytes, use, personality } = drive;
  const { state } = medium;
  const totals = medium.partitions.map((_, index) => drive.partitionBytes(index));
  const used = medium.partitions.map((each) => each.bytesBefore(each.objectCount));
  const left = totals.map((bytes, index) => Math.max(0, bytes - used[index]));
  return [
    byte(0x0000, 1),
    counter32(0x0001, state.loadCount ?? 0),
    counter32(0x0002, state.recordsWritten ?? 0),
    counter32(0x0003, 0),
    number16(0x0004, state.unrecoveredWrites ?? 0),
    number16(0x0005, 0),
    number16(0x0006, 0),
    counter32(0x0007, state.recordsRead ?? 0),
    counter32(0x0008, state.recoveredReads ?? 0),
    number16(0x0009, state.unrecoveredReads ?? 0),
    number16(0x000c, use.sinceLoad("unrecoveredWrites")),
    number16(0x000d, use.sinceLoad("unrecoveredReads")),
    megabytes(0x000e, use.sinceLoad("mediumBytesWritten")),
    megabytes(0x000f, use.sinceLoad("mediumBytesRead")),
    number64(0x0010, (state.bytesWritten ?? 0) / MEGABYTE),
    number64(0x0011, (state.bytesRead ?? 0) / MEGABYTE),
    number16(0x0012, ratio(use, "hostBytesWritten", "mediumBytesWritten")),
    number16(0x0013, ratio(use, "hostBytesRead", "mediumBytesRead")),
    // From the mount on, and until it was ready: by the model of drive.
    number48(0x0014, personality.motion.loadMs),
    number48(0x0015, personality.motion.loadMs),
    megabytes(0x0016, volumeBytes),
    megabytes(0x0017, used.reduce((sum, bytes) => sum + bytes, 0)),
    megabytes(0x0018, volumeBytes),
    byte(0x0019, 100),
    text(0x0040, mediumSerialNumber(state.barcode), 32),
    text(0x0042, state.barcode ?? "", 32),
    byte(0x0080, drive.isWriteProtected ? 1 : 0),
    byte(0x0081, drive.isWorm ? 1 : 0),
    // Never warmer than recommended.
    byte(0x0082, 0),
    counter32(0x0101, state.beginningPasses ?? 0),
    counter32(0x0102, state.middlePasses ?? 0),
    partitionRecords(0x0202, totals),
    partitionRecords(0x0203, used),
    partitionRecords(0x0204, left),
  ];
}

/** How many times more came from the host, or went to it, since the load than over the tape, in hundredths. */
function ratio(use: VolumeUse, host: CountName, medium: CountName): number {
  const onTape = use.sinceLoad(medium);
  return onTape === 0 ? HUNDREDTHS : Math.round(use.sinceLoad(host) * HUNDREDTHS / onTape);
}
