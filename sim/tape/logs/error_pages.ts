/**
 * Pages that count errors: write and read error counters (SPC-5 §7.3.11), TapeAlert (SSC-4 §8.2.5, §8.2.4).
 *
 * @module
 */

import type { LogParameter } from "../../../scsi/log_pages.ts";
import type { Nexus } from "../../device_server.ts";
import type { DriveState } from "../drive_state.ts";
import { bitsOf, TAPE_ALERT_FLAGS } from "../tape_alerts.ts";
import { binary, byte, counter32, type DriveLogPage, number64 } from "./log_parameter.ts";

/** Bytes processed and errors of one direction. */
interface ErrorCounts {
  readonly recovered: number;
  readonly unrecovered: number;
  readonly bytes: number;
}

/** Pages 02h, 03h, 12h and 2Eh. */
export const ERROR_PAGES: readonly DriveLogPage[] = [
  {
    page: 0x02,
    parameters: (_drive, _nexus, { unrecoveredWrites, mediumBytesWritten }) =>
      errorCounters({ recovered: 0, unrecovered: unrecoveredWrites, bytes: mediumBytesWritten }),
  },
  {
    page: 0x03,
    parameters: (_drive, _nexus, { recoveredReads, unrecoveredReads, mediumBytesRead }) =>
      errorCounters({
        recovered: recoveredReads,
        unrecovered: unrecoveredReads,
        bytes: mediumBytesRead,
      }),
  },
  { page: 0x12, parameters: tapeAlertResponse },
  { page: 0x2e, parameters: tapeAlert },
];

/** Corrected without delay and with, repeated, corrected, times the algorithm ran, bytes, uncorrected. */
function errorCounters({ recovered, unrecovered, bytes }: ErrorCounts): LogParameter[] {
  const tries = recovered + unrecovered;
  return [
    counter32(0, 0),
    counter32(1, recovered),
    counter32(2, tries),
    counter32(3, recovered),
    counter32(4, tries),
    { ...number64(5, bytes), control: 0 },
    counter32(6, unrecovered),
  ];
}

/** Every flag, up or not; whoever reads them has seen them. */
function tapeAlert({ tapeAlerts }: DriveState, nexus: Nexus): LogParameter[] {
  const up = new Set(tapeAlerts.read(nexus));
  return Array.from(
    { length: TAPE_ALERT_FLAGS },
    (_, index) => byte(index + 1, up.has(index + 1) ? 1 : 0),
  );
}

/** The same in 64 bits, flag 1 first, and nobody has seen them. */
function tapeAlertResponse({ tapeAlerts }: DriveState, nexus: Nexus): LogParameter[] {
  return [binary(0, bitsOf(tapeAlerts.peek(nexus)))];
}
