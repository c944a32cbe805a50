/**
 * Sense data: what a device says about a command that ended in CHECK CONDITION, in answer to REQUEST SENSE, or
 * unasked (SPC-5 §4.4).
 *
 * @module
 */

import {
  decodeDescriptorSense,
  encodeDescriptorSense,
  MIN_DESCRIPTOR_LENGTH,
} from "./descriptor_sense.ts";
import { decodeFixedSense, encodeFixedSense, MIN_FIXED_LENGTH } from "./fixed_sense.ts";
import { hexByte } from "./hex_byte.ts";
import { describeAsc, type DescribeAscOptions, senseKeyName } from "./sense_codes.ts";
import type { SenseFields, SenseInput } from "./sense_fields.ts";

export type { SenseFields, SenseInput } from "./sense_fields.ts";
export type {
  FieldPointer,
  ProgressIndication,
  RetryCount,
  SenseKeySpecific,
  UnitAttentionOverflow,
} from "./sense_key_specific.ts";

/** The two formats of sense data. */
export type SenseFormat = "fixed" | "descriptor";

/** Decoded sense data. */
export interface Sense extends SenseFields {
  /**
   * `none`: there was no sense data, or none that could be read. Every field then has its empty value; in
   * particular `key` 0 does not mean that all is well.
   */
  readonly format: SenseFormat | "none";
  /** 70h, 71h, 72h or 73h; another value, or 0, with format `none`. */
  readonly responseCode: number;
  /** The bytes that were decoded: the array that `decodeSense` was given, not a copy. */
  readonly raw: Uint8Array;
}

const NOTHING: SenseFields = {
  deferred: false,
  key: 0,
  asc: 0,
  ascq: 0,
  filemark: false,
  endOfMedium: false,
  incorrectLength: false,
  informationValid: false,
};

/**
 * Decodes sense data of either format. Never throws: data cut at any byte gives what is there, and data that does
 * not reach the sense key, or has an unknown response code, gives format `none`.
 */
export function decodeSense(bytes: Uint8Array): Sense {
  const responseCode = bytes.length > 0 ? bytes[0] & 0x7f : 0;
  const isFixed = responseCode === 0x70 || responseCode === 0x71;
  const isDescriptor = responseCode === 0x72 || responseCode === 0x73;
  if (isFixed && bytes.length >= MIN_FIXED_LENGTH) {
    return { format: "fixed", responseCode, ...decodeFixedSense(bytes), raw: bytes };
  }
  if (isDescriptor && bytes.length >= MIN_DESCRIPTOR_LENGTH) {
    return { format: "descriptor", responseCode, ...decodeDescriptorSense(bytes), raw: bytes };
  }
  return { format: "none", responseCode, ...NOTHING, raw: bytes };
}

/** Encodes sense data, by default in fixed format. The array is the caller's. */
export function encodeSense(sense: SenseInput, format: SenseFormat = "fixed"): Uint8Array {
  return format === "fixed" ? encodeFixedSense(sense) : encodeDescriptorSense(sense);
}

function flagNames(sense: SenseFields): string {
  const names = [
    sense.filemark && "filemark",
    sense.endOfMedium && "end of medium",
    sense.incorrectLength && "incorrect length",
  ].filter((name) => name !== false);
  return names.length > 0 ? ` [${names.join(", ")}]` : "";
}

/**
 * One line for people: `NOT READY (2), 04/01: logical unit is in process of becoming ready`. Deferred errors say so
 * first, and the flags follow in brackets.
 */
export function describeSense(sense: Sense, options: DescribeAscOptions = {}): string {
  if (sense.format === "none") {
    return sense.raw.length === 0
      ? "no sense data"
      : `unreadable sense data (response code ${hexByte(sense.responseCode)}h)`;
  }
  const key = `${senseKeyName(sense.key)} (${sense.key.toString(16).toUpperCase()})`;
  const code = `${hexByte(sense.asc)}/${hexByte(sense.ascq)}`;
  const meaning = describeAsc(sense.asc, sense.ascq, options);
  return `${sense.deferred ? "deferred " : ""}${key}, ${code}: ${meaning}${flagNames(sense)}`;
}
