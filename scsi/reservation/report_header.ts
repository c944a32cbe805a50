/**
 * The header that the answers to PERSISTENT RESERVE IN share (SPC-5 §6.16).
 *
 * @module
 */

import { readU32, writeU32 } from "../big_endian.ts";
import { UnexpectedResponseError } from "../errors.ts";
import type { DecodeOptions } from "../inquiry.ts";

/** Bytes of the header, and of the whole answer to REPORT CAPABILITIES, which has another one. */
export const HEADER_LENGTH = 8;
const ADDITIONAL_LENGTH = 4;

/**
 * Checks that there is a header.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes.
 */
export function checkReportLength(bytes: Uint8Array, options: DecodeOptions): void {
  if (bytes.length >= HEADER_LENGTH) return;
  throw new UnexpectedResponseError({
    commandName: "PERSISTENT RESERVE IN",
    unitName: options.unitName,
    problem: `${bytes.length} bytes, at least ${HEADER_LENGTH} needed`,
  });
}

/** PRGENERATION. */
export function reportGeneration(bytes: Uint8Array): number {
  return readU32(bytes, 0);
}

/** Bytes that the whole answer has; more than came when it was cut. */
export function reportLength(bytes: Uint8Array): number {
  return HEADER_LENGTH + readU32(bytes, ADDITIONAL_LENGTH);
}

/** What follows the header, as far as it came. */
export function reportBody(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(HEADER_LENGTH, reportLength(bytes));
}

/** A header with room for a body. */
export function reportOf(generation: number, bodyLength: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + bodyLength);
  writeU32(bytes, 0, generation);
  writeU32(bytes, ADDITIONAL_LENGTH, bodyLength);
  return bytes;
}
