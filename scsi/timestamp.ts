/**
 * REPORT TIMESTAMP and SET TIMESTAMP: a device's clock (SPC-5).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "./big_endian.ts";
import { cdbOf, checkedField } from "./cdb_field.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeChecked, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** Where a device has its time from. */
export type TimestampOrigin = "power-on" | "set-timestamp" | "other" | "reserved";

/** A device's time. */
export interface DeviceTimestamp {
  /** Milliseconds since 1 January 1970, 00:00 UTC; since the device was switched on with the origin `power-on`. */
  readonly ms: number;
  /** Who set it. */
  readonly origin: TimestampOrigin;
}

const LENGTH = 12;
const ORIGIN = 2;
const TIME = 4;
const TIME_END = 10;
const MAX_TIME = 2 ** 48 - 1;

const ORIGINS: Readonly<Record<number, TimestampOrigin>> = {
  0: "power-on",
  2: "set-timestamp",
  3: "other",
};

/** REPORT TIMESTAMP (SPC-5). */
export function reportTimestampCdb(allocationLength: number = LENGTH): Uint8Array {
  const cdb = cdbOf(0xa3);
  cdb[1] = 0x0f;
  writeU32(cdb, 6, allocationLength);
  return cdb;
}

/** SET TIMESTAMP (SPC-5), with a parameter list of 12 bytes: {@link encodeTimestamp}. */
export function setTimestampCdb(): Uint8Array {
  const cdb = cdbOf(0xa4);
  cdb[1] = 0x0f;
  writeU32(cdb, 6, LENGTH);
  return cdb;
}

/**
 * Encodes the parameter list of SET TIMESTAMP. The array is the caller's.
 *
 * @param ms Milliseconds since 1 January 1970, 00:00 UTC, 0 to 2^48 - 1.
 * @throws {RangeError} when it does not fit.
 */
export function encodeTimestamp(ms: number): Uint8Array {
  checkedField("a timestamp", ms, MAX_TIME);
  const bytes = new Uint8Array(LENGTH);
  writeU16(bytes, TIME, Math.floor(ms / 2 ** 32));
  writeU32(bytes, TIME + 2, ms % 2 ** 32);
  return bytes;
}

/**
 * Decodes the answer to REPORT TIMESTAMP.
 *
 * @throws {UnexpectedResponseError} when it is shorter than 10 bytes.
 */
export function decodeTimestamp(bytes: Uint8Array, unitName?: string): DeviceTimestamp {
  if (bytes.length < TIME_END) {
    const problem = `${bytes.length} bytes, at least ${TIME_END} needed`;
    throw new UnexpectedResponseError({ commandName: "REPORT TIMESTAMP", unitName, problem });
  }
  return {
    ms: readU16(bytes, TIME) * 2 ** 32 + readU32(bytes, TIME + 2),
    origin: ORIGINS[bytes[ORIGIN] & 0x07] ?? "reserved",
  };
}

/**
 * Asks a device for its time.
 *
 * @throws {UnexpectedResponseError} when the answer is too short.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readTimestamp(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<DeviceTimestamp> {
  return decodeTimestamp(
    await executeDataIn(unit, reportTimestampCdb(), LENGTH, options),
    unit.name,
  );
}

/**
 * Sets a device's clock. Other initiators learn it by a unit attention (2Ah/10h).
 *
 * @param ms Milliseconds since 1 January 1970, 00:00 UTC.
 * @throws {RangeError} when it does not fit.
 * @throws {CheckConditionError} when the device refused: its own setting may forbid it.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function setTimestamp(
  unit: LogicalUnit,
  ms: number,
  options: CommandOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const dataOut = encodeTimestamp(ms);
  await executeChecked(unit, { cdb: setTimestampCdb(), dataOut, signal, timeoutMs });
}
