/**
 * The log pages of the simulated drive (SPC-5 §7.3, SSC-4 §8.2).
 *
 * @module
 */

import { writeU16, writeU32, writeU64 } from "../../../scsi/big_endian.ts";
import {
  encodeLogPage,
  encodeSupportedLogPages,
  type LogParameter,
} from "../../../scsi/log_pages.ts";
import type { DriveState } from "../drive_state.ts";

/** A log page that is made of parameters. */
interface DriveLogPage {
  readonly page: number;
  readonly parameters: (drive: DriveState) => readonly LogParameter[];
}

const SUPPORTED_PAGES = 0x00;
const TAPE_ALERT_FLAGS = 64;

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;

/** FORMAT AND LINKING 11b, a binary list: what is no counter. */
const BINARY_LIST = 0x03;

/** The pages, by ascending code. */
export const LOG_PAGES: readonly DriveLogPage[] = [
  { page: SUPPORTED_PAGES, parameters: () => [] },
  { page: 0x0c, parameters: sequentialAccess },
  { page: 0x17, parameters: volumeStatistics },
  { page: 0x2e, parameters: tapeAlert },
  { page: 0x31, parameters: tapeCapacity },
];

/**
 * The page with the parameters from code `pointer` on, a new array; `undefined` when all codes are lower. Reading the
 * TapeAlert page lowers its flags.
 */
export function logPageData(
  { page, parameters }: DriveLogPage,
  drive: DriveState,
  pointer: number,
): Uint8Array | undefined {
  if (page === SUPPORTED_PAGES) {
    return pointer === 0
      ? encodeSupportedLogPages(LOG_PAGES.map((known) => known.page))
      : undefined;
  }
  const shown = parameters(drive).filter(({ code }) => code >= pointer);
  return shown.length === 0 ? undefined : encodeLogPage({ page, subpage: 0, parameters: shown });
}

function parameter(code: number, value: Uint8Array): LogParameter {
  return { code, control: BINARY_LIST, value };
}

/** SSC-4 §8.2.3. Nothing is compressed, so host and medium bytes are the same. */
function sequentialAccess(drive: DriveState): LogParameter[] {
  const { hostBytesWritten, hostBytesRead } = drive.counts;
  return [
    parameter(0x0000, u64(hostBytesWritten)),
    parameter(0x0001, u64(hostBytesWritten)),
    parameter(0x0002, u64(hostBytesRead)),
    parameter(0x0003, u64(hostBytesRead)),
    ...(drive.loaded ? capacityOnTape(drive) : []),
    parameter(0x0100, u32(0)),
  ];
}

/** Where end of data, early warning and the position are, in megabytes. */
function capacityOnTape(drive: DriveState): LogParameter[] {
  const { partition, capacityBytes, earlyWarningBytes } = drive;
  return [
    parameter(0x0004, megabytes(partition.bytesBefore(partition.objectCount))),
    parameter(0x0005, megabytes(capacityBytes - earlyWarningBytes)),
    parameter(0x0006, megabytes(earlyWarningBytes)),
    parameter(0x0007, megabytes(partition.bytesBefore(drive.object))),
  ];
}

/** SSC-4 §8.2.9. */
function volumeStatistics(drive: DriveState): LogParameter[] {
  if (!drive.loaded) return [parameter(0x0000, new Uint8Array([0]))];
  const { partition, capacityBytes } = drive;
  const used = partition.bytesBefore(partition.objectCount);
  return [
    parameter(0x0000, new Uint8Array([1])),
    parameter(0x0001, u32(drive.counts.loads)),
    parameter(0x0016, megabytes(capacityBytes)),
    parameter(0x0017, megabytes(used)),
    parameter(0x0080, new Uint8Array([drive.isWriteProtected ? 1 : 0])),
    parameter(0x0081, new Uint8Array([0])),
    parameter(0x0202, partitionRecord(drive, capacityBytes)),
    parameter(0x0203, partitionRecord(drive, used)),
    parameter(0x0204, partitionRecord(drive, Math.max(0, capacityBytes - used))),
  ];
}

/** Length of what follows, reserved, partition, megabytes. */
function partitionRecord(drive: DriveState, bytes: number): Uint8Array {
  const record = new Uint8Array(8);
  record[0] = 7;
  writeU16(record, 2, drive.partitionNumber);
  record.set(megabytes(bytes), 4);
  return record;
}

/** SSC-4 §8.2.5: every flag, up or not. */
function tapeAlert(drive: DriveState): LogParameter[] {
  const parameters = Array.from({ length: TAPE_ALERT_FLAGS }, (_, index) => {
    return parameter(index + 1, new Uint8Array([drive.tapeAlerts.has(index + 1) ? 1 : 0]));
  });
  drive.tapeAlerts.clear();
  return parameters;
}

/** Remaining and total capacity in MiB, as LTO-1 to LTO-6 have it (IBM LTO SCSI Reference, page 31h). */
function tapeCapacity(drive: DriveState): LogParameter[] {
  if (!drive.loaded) return [1, 2, 3, 4].map((code) => parameter(code, u32(0)));
  const { partition, capacityBytes } = drive;
  const used = partition.bytesBefore(partition.objectCount);
  return [
    parameter(0x0001, u32(Math.max(0, capacityBytes - used) / MEBIBYTE)),
    parameter(0x0002, u32(0)),
    parameter(0x0003, u32(capacityBytes / MEBIBYTE)),
    parameter(0x0004, u32(0)),
  ];
}

function megabytes(bytes: number): Uint8Array {
  return u32(bytes / MEGABYTE);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, BigInt(value));
  return bytes;
}
