/**
 * What the builders of command descriptor blocks share: an empty block of the right length, and fields that are
 * checked as they are filled in (SPC-5 §4.3).
 *
 * @module
 */

import { writeU32 } from "./big_endian.ts";
import { cdbLengthOf } from "./command_table.ts";

/** A new CDB of zeros but for its operation code. */
export function cdbOf(opcode: number): Uint8Array {
  const cdb = new Uint8Array(cdbLengthOf(opcode));
  cdb[0] = opcode;
  return cdb;
}

/**
 * Checks that a field's value fits. `what` is the field's name, with its article.
 *
 * @throws {RangeError} when it is not a whole number from `min` to `max`.
 */
export function checkedField(what: string, value: number, max: number, min = 0): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`Cannot encode ${what}: ${value} is not in ${min} to ${max}`);
  }
  return value;
}

/**
 * Writes a logical block address of 64 bits.
 *
 * @throws {RangeError} when it is not a whole number from 0 to 2^53 - 1, beyond which a number is not exact.
 */
export function writeLba(bytes: Uint8Array, at: number, lba: number): void {
  checkedField("a logical block address", lba, Number.MAX_SAFE_INTEGER);
  writeU32(bytes, at, Math.floor(lba / 2 ** 32));
  writeU32(bytes, at + 4, lba % 2 ** 32);
}
