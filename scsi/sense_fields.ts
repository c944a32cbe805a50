/**
 * What sense data says, whichever of its two formats carries it (SPC-5 §4.4).
 *
 * @module
 */

import type { SenseKeySpecific } from "./sense_key_specific.ts";

/** The fields that fixed and descriptor format sense data share. */
export interface SenseFields {
  /** Whether it reports an earlier command (response codes 71h and 73h): the present one was then not executed. */
  readonly deferred: boolean;
  /** Sense key, 0 to 15; names in `SenseKey`. */
  readonly key: number;
  /** Additional sense code; 0 when the data ends before it. */
  readonly asc: number;
  /** Additional sense code qualifier; 0 when the data ends before it. */
  readonly ascq: number;
  /** FILEMARK bit: a filemark (or setmark) was met. */
  readonly filemark: boolean;
  /** EOM bit: end of medium, early warning, or beginning of partition when moving backwards. */
  readonly endOfMedium: boolean;
  /** ILI bit: the record's length is not the one asked for. */
  readonly incorrectLength: boolean;
  /** VALID bit: the INFORMATION field holds what the standard defines for the command. */
  readonly informationValid: boolean;
  /**
   * INFORMATION as a signed number, present only when it is valid. Fixed format gives 32 bits; a caller that
   * expects a logical block address there takes it `>>> 0`. A 64-bit value beyond ±(2^53 - 1), which no tape gives,
   * is absent rather than rounded: read it from `raw`.
   */
  readonly information?: number;
  /** COMMAND-SPECIFIC INFORMATION, unsigned. Absent when 0 in fixed format, or beyond 2^53 - 1. */
  readonly commandSpecific?: number;
  /** Field replaceable unit code, a vendor's own; absent when 0. */
  readonly fieldReplaceableUnit?: number;
  /** What the sense key specific field says, when it is valid. */
  readonly senseKeySpecific?: SenseKeySpecific;
  /** CLN bit of tape drives in the LTO manner (fixed format, byte 21); absent when the data ends before it. */
  readonly cleaningRequested?: boolean;
}

/** What to put into sense data: everything but the codes may be left out. */
export interface SenseInput extends Partial<Omit<SenseFields, "informationValid">> {
  /** Sense key, 0 to 15. */
  readonly key: number;
  /** Additional sense code. */
  readonly asc: number;
  /** Additional sense code qualifier. */
  readonly ascq: number;
}

/** FILEMARK, EOM and ILI, at the same bits in both formats. */
export const FILEMARK = 0x80;
export const END_OF_MEDIUM = 0x40;
export const INCORRECT_LENGTH = 0x20;

/** The three stream flags as their bits. */
export function streamFlags(sense: SenseInput): number {
  return (sense.filemark ? FILEMARK : 0) | (sense.endOfMedium ? END_OF_MEDIUM : 0) |
    (sense.incorrectLength ? INCORRECT_LENGTH : 0);
}
