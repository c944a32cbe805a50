/**
 * Pages about the drive itself: temperature (SPC-5 §7.3.20), DT device status (ADC-3 §6.1.2), device statistics
 * (SSC-4 §8.2.6).
 *
 * @module
 */

import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { Nexus } from "../../device_server.ts";
import type { DriveState } from "../drive_state.ts";
import type { OperationKind } from "../running_operation.ts";
import { binary, counter32, type DriveLogPage, number16, text } from "./log_parameter.ts";

/** Degrees Celsius, now and at most. */
const TEMPERATURE = 30;
const MAX_TEMPERATURE = 55;

/** MAXIMUM RECOMMENDED MECHANISM TEMPERATURE EXCEEDED. */
const NEVER_TOO_HOT = 0;

const MS_PER_HOUR = 3_600_000;

/** DT DEVICE ACTIVITY. */
const Activity = { None: 0x00, Calibrating: 0x0b } as const;

const ACTIVITIES: Readonly<Record<OperationKind, number>> = {
  load: 0x02,
  unload: 0x03,
  locate: 0x07,
  rewind: 0x08,
  erase: 0x09,
  format: 0x0a,
};

// Very high frequency data, byte 0: PAMR, WRTP, CRQST, CRQRD; byte 1: MPRSNT, MSTD, MTHRD and MOUNTED; byte 3: TAFC.
const PREVENTED = 0x80;
const WRITE_PROTECTED = 0x08;
const CLEANING_REQUESTED = 0x04;
const CLEANING_REQUIRED = 0x02;
const PRESENT = 0x10;
const SEATED_THREADED_AND_MOUNTED = 0x07;
const TAPE_ALERT = 0x01;

/** Pages 0Dh, 11h and 14h. */
export const DEVICE_PAGES: readonly DriveLogPage[] = [
  {
    page: 0x0d,
    parameters: () => [number16(0x0000, TEMPERATURE), number16(0x0001, MAX_TEMPERATURE)],
  },
  { page: 0x11, parameters: deviceStatus },
  { page: 0x14, parameters: deviceStatistics },
];

/** What the drive is at, in four bytes, for whoever polls it. */
function deviceStatus(drive: DriveState, nexus: Nexus): LogParameter[] {
  const isReady = drive.readiness.reason() === undefined;
  const vhf = new Uint8Array(4);
  vhf[0] = (drive.preventing.size > 0 ? PREVENTED : 0) |
    (drive.cleaning === "none" ? 0 : CLEANING_REQUESTED) |
    (drive.cleaning === "required" ? CLEANING_REQUIRED : 0) |
    (drive.medium !== undefined && drive.isWriteProtected ? WRITE_PROTECTED : 0);
  vhf[1] = (drive.medium === undefined ? 0 : PRESENT) | (isReady ? SEATED_THREADED_AND_MOUNTED : 0);
  vhf[2] = activity(drive);
  vhf[3] = drive.tapeAlerts.peek(nexus).length > 0 ? TAPE_ALERT : 0;
  return [binary(0x0000, vhf)];
}

function activity({ operation, readiness }: DriveState): number {
  if (operation.kind !== undefined) return ACTIVITIES[operation.kind];
  return readiness.isBusy ? Activity.Calibrating : Activity.None;
}

function deviceStatistics(drive: DriveState): LogParameter[] {
  const { counts, preventing } = drive;
  drive.settleCounts();
  return [
    counter32(0x0000, counts.loads),
    counter32(0x0001, counts.cleanings),
    counter32(0x0002, drive.now() / MS_PER_HOUR),
    counter32(0x0003, counts.motionMs / MS_PER_HOUR),
    counter32(0x0004, counts.metres),
    counter32(0x000e, counts.unrecoveredWrites),
    counter32(0x000f, counts.unrecoveredReads),
    text(0x0040, drive.serialNumber, 32),
    text(0x0041, drive.serialNumber, 32),
    binary(0x0080, new Uint8Array([preventing.size > 0 ? 1 : 0])),
    binary(0x0081, new Uint8Array([NEVER_TOO_HOT])),
  ];
}
