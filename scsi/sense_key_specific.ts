/**
 * The sense key specific field: three bytes whose meaning depends on the sense key (SPC-5 §4.4.2.4).
 *
 * @module
 */

import { readU16, writeU16 } from "./big_endian.ts";
import { SenseKey } from "./sense_codes.ts";

/** The field of a CDB or parameter list that the device refused (ILLEGAL REQUEST), or of a copy segment. */
export interface FieldPointer {
  /** Tells it from the others. */
  readonly kind: "field";
  /** Whether the field lies in the CDB; else in the parameter list. */
  readonly inCdb: boolean;
  /** Byte offset of the field. */
  readonly byte: number;
  /** Number of the field's most significant bit, 7 to 0, when given. */
  readonly bit?: number;
}

/** How far an operation has come (NO SENSE and NOT READY). */
export interface ProgressIndication {
  /** Tells it from the others. */
  readonly kind: "progress";
  /** 0 to 1. */
  readonly progress: number;
}

/** How often the device tried again (RECOVERED ERROR, MEDIUM ERROR, HARDWARE ERROR). */
export interface RetryCount {
  /** Tells it from the others. */
  readonly kind: "retries";
  /** Number of retries. */
  readonly retries: number;
}

/** Whether unit attentions were lost because the device had no room for them (UNIT ATTENTION). */
export interface UnitAttentionOverflow {
  /** Tells it from the others. */
  readonly kind: "unit-attention";
  /** True when some were lost. */
  readonly overflow: boolean;
}

/** What the sense key specific field says, by sense key. */
export type SenseKeySpecific =
  | FieldPointer
  | ProgressIndication
  | RetryCount
  | UnitAttentionOverflow;

const VALID = 0x80;
const IN_CDB = 0x40;
const BIT_VALID = 0x08;
const OVERFLOW = 0x01;

/** The progress field counts 65536ths. */
const PROGRESS_UNIT = 0x10000;

/** Decodes the three bytes at `at`; `undefined` when SKSV is 0 or the sense key gives them no meaning. */
export function decodeSenseKeySpecific(
  bytes: Uint8Array,
  at: number,
  key: number,
): SenseKeySpecific | undefined {
  const flags = bytes[at];
  if ((flags & VALID) === 0) return undefined;
  const value = readU16(bytes, at + 1);
  switch (key) {
    case SenseKey.NoSense:
    case SenseKey.NotReady:
      return { kind: "progress", progress: value / PROGRESS_UNIT };
    case SenseKey.RecoveredError:
    case SenseKey.MediumError:
    case SenseKey.HardwareError:
      return { kind: "retries", retries: value };
    case SenseKey.IllegalRequest:
      return {
        kind: "field",
        inCdb: (flags & IN_CDB) !== 0,
        byte: value,
        ...((flags & BIT_VALID) !== 0 && { bit: flags & 0x07 }),
      };
    case SenseKey.UnitAttention:
      return { kind: "unit-attention", overflow: (flags & OVERFLOW) !== 0 };
  }
  return undefined;
}

/** Encodes into the three bytes at `at`. */
export function encodeSenseKeySpecific(
  specific: SenseKeySpecific,
  bytes: Uint8Array,
  at: number,
): void {
  bytes[at] = VALID;
  switch (specific.kind) {
    case "field":
      if (specific.inCdb) bytes[at] |= IN_CDB;
      if (specific.bit !== undefined) bytes[at] |= BIT_VALID | (specific.bit & 0x07);
      return writeU16(bytes, at + 1, specific.byte);
    case "progress":
      return writeU16(bytes, at + 1, progressField(specific.progress));
    case "retries":
      return writeU16(bytes, at + 1, specific.retries);
    case "unit-attention":
      if (specific.overflow) bytes[at] |= OVERFLOW;
      return writeU16(bytes, at + 1, 0);
  }
}

function progressField(progress: number): number {
  return Math.min(Math.max(Math.round(progress * PROGRESS_UNIT), 0), PROGRESS_UNIT - 1);
}

/** A progress indication descriptor's field (SPC-5 §4.4.2.7), which means the same with any sense key. */
export function decodeProgress(bytes: Uint8Array, at: number): ProgressIndication {
  return { kind: "progress", progress: readU16(bytes, at) / PROGRESS_UNIT };
}
