/**
 * A time of the drive's clock, as REPORT TIMESTAMP (SPC-5 §6.38) and log page 16h (SSC-4 §8.2.7) tell it.
 *
 * @module
 */

import { writeU48 } from "../../scsi/big_endian.ts";

/** TIMESTAMP ORIGIN: zero at power on; set by SET TIMESTAMP. */
const FROM_POWER_ON = 0;
const SET_BY_HOST = 2;

/**
 * Writes TIMESTAMP ORIGIN, and the six bytes of the TIMESTAMP from `at + 2` on.
 *
 * @param offset what is added to a time since power on to make it one since 1970; `undefined` when the clock was not set
 * @param ms milliseconds since power on
 */
export function writeTimestamp(
  into: Uint8Array,
  at: number,
  offset: number | undefined,
  ms: number,
): void {
  into[at] = offset === undefined ? FROM_POWER_ON : SET_BY_HOST;
  writeU48(into, at + 2, Math.floor((offset ?? 0) + ms));
}
