/**
 * Which values the options of a tape drive may have.
 *
 * @module
 */

import {
  count,
  group,
  logger,
  method,
  milliseconds,
  oneOf,
  rule,
  type Rules,
  signal,
  timeouts,
  tries,
  truth,
} from "../scsi/option_rules.ts";
import { checkOptional } from "./caller_values.ts";
import type { LoadPollingOptions, TapeDriveOptions } from "./options.ts";

/** Far beyond what hides any round trip; more would only hold memory. */
const MAX_READ_AHEAD = 256;
const MAX_WRITE_BEHIND = 256;

const RESERVATION_KEYS = 1n << 64n;

const LOAD_POLLING: Rules<LoadPollingOptions> = {
  intervalMs: milliseconds,
  count: tries,
  signal,
};

/** What each option of a drive may be. */
export const DRIVE_RULES: Rules<TapeDriveOptions> = {
  blockSize: count(),
  closeTimeoutMs: milliseconds,
  compression: truth,
  exclusive: oneOf("persistent", "reserve"),
  load: truth,
  loadPolling: group(LOAD_POLLING),
  logger,
  onNotice: method,
  readAhead: count(0, MAX_READ_AHEAD),
  recordBytesHint: count(1),
  recovery: oneOf("resume", "none"),
  requireMedium: truth,
  reservationKey: rule(
    "a bigint of 64 bits, not 0n",
    (value) => typeof value === "bigint" && value > 0n && value < RESERVATION_KEYS,
  ),
  signal,
  sili: truth,
  sleep: method,
  timeouts,
  writeBehind: count(0, MAX_WRITE_BEHIND),
};

/**
 * Checks options before anything is sent.
 *
 * @throws {TapeError} of kind `invalid-argument`.
 */
export function checkOptions(options: TapeDriveOptions): void {
  checkOptional(options, DRIVE_RULES);
}
