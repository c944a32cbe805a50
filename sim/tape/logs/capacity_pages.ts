/**
 * Pages about bytes: sequential access (SSC-4 §8.2.3), compression (§8.2.8), usage, capacity, performance (IBM LTO SCSI
 * Reference, pages 30h to 32h and 37h).
 *
 * @module
 */

import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { Nexus } from "../../device_server.ts";
import type { DriveState } from "../drive_state.ts";
import type { Counted } from "../log_counts.ts";
import {
  type DriveLogPage,
  mebibytes,
  megabytes,
  number16,
  number32,
  number64,
} from "./log_parameter.ts";

const MEGABYTE = 1_000_000;
const HUNDREDTHS = 100;

/** Pages 0Ch, 1Bh, 30h, 31h, 32h and 37h. */
export const CAPACITY_PAGES: readonly DriveLogPage[] = [
  { page: 0x0c, parameters: sequentialAccess },
  { page: 0x1b, parameters: compression },
  { page: 0x30, parameters: usage },
  { page: 0x31, parameters: capacity },
  { page: 0x32, parameters: compression },
  { page: 0x37, parameters: performance },
];

function sequentialAccess(drive: DriveState, _nexus: Nexus, counts: Counted): LogParameter[] {
  return [
    number64(0x0000, counts.hostBytesWritten),
    number64(0x0001, counts.mediumBytesWritten),
    number64(0x0002, counts.mediumBytesRead),
    number64(0x0003, counts.hostBytesRead),
    ...(drive.loaded ? onTape(drive) : []),
    number32(0x0100, drive.cleaning === "required" ? 1 : 0),
  ];
}

/** Where end of data, early warning and the position are, in megabytes, and what is in the buffer. */
function onTape(drive: DriveState): LogParameter[] {
  const { partition, capacityBytes, earlyWarningBytes, buffer, object } = drive;
  return [
    megabytes(0x0004, partition.bytesBefore(partition.objectCount)),
    megabytes(0x0005, capacityBytes - earlyWarningBytes),
    megabytes(0x0006, earlyWarningBytes),
    megabytes(0x0007, partition.bytesBefore(object)),
    number32(0x0008, buffer.byteCount(partition, object)),
  ];
}

/** Ratios in hundredths, and what went between host and drive, and drive and tape, in megabytes and bytes. */
function compression(_drive: DriveState, _nexus: Nexus, counted: Counted): LogParameter[] {
  const { hostBytesRead, mediumBytesRead, hostBytesWritten, mediumBytesWritten } = counted;
  const moved = [hostBytesRead, mediumBytesRead, hostBytesWritten, mediumBytesWritten];
  return [
    number16(0x0000, ratio(hostBytesRead, mediumBytesRead)),
    number16(0x0001, ratio(hostBytesWritten, mediumBytesWritten)),
    ...moved.flatMap((bytes, index) => [
      megabytes(2 + 2 * index, bytes),
      number32(3 + 2 * index, bytes % MEGABYTE),
    ]),
  ];
}

function ratio(host: number, medium: number): number {
  return medium === 0 ? HUNDREDTHS : Math.round(host * HUNDREDTHS / medium);
}

/** Cartridge usage since the load: bytes, motions and errors. */
function usage(_drive: DriveState, _nexus: Nexus, counts: Counted): LogParameter[] {
  return [
    number32(0x0001, counts.loads),
    number32(0x0002, counts.recordsWritten),
    number32(0x0003, 0),
    number16(0x0004, counts.unrecoveredWrites),
    number32(0x0007, counts.recordsRead),
    number32(0x0008, counts.recoveredReads),
    number16(0x0009, counts.unrecoveredReads),
  ];
}

/** Remaining and total capacity of the first two partitions in MiB. */
function capacity(drive: DriveState): LogParameter[] {
  if (!drive.loaded) return [1, 2, 3, 4].map((code) => mebibytes(code, 0));
  const partitions = drive.medium?.partitions ?? [];
  const totals = partitions.map((_, index) => drive.partitionBytes(index));
  const left = partitions.map((partition, index) =>
    Math.max(0, totals[index] - partition.bytesBefore(partition.objectCount))
  );
  return [
    mebibytes(0x0001, left[0]),
    mebibytes(0x0002, left[1] ?? 0),
    mebibytes(0x0003, totals[0]),
    mebibytes(0x0004, totals[1] ?? 0),
  ];
}

/** What the drive had to do again, in thousandths: nothing ever. */
function performance(_drive: DriveState, _nexus: Nexus, counts: Counted): LogParameter[] {
  return [
    number32(0x0000, counts.motions),
    number32(0x0001, counts.filemarksWritten),
    number32(0x0010, 0),
    number32(0x0011, 0),
  ];
}
