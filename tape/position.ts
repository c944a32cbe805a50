/**
 * Where the tape stands: READ POSITION's answers (SSC-4, READ POSITION), and what the caller is told.
 *
 * @module
 */

import { readU32, readU64 } from "../scsi/big_endian.ts";
import { POSITION_BYTES, PositionForm } from "./commands.ts";

/** Where the caller stands on the tape. */
export interface TapePosition {
  /** Whether `object` is known. It is not on a lost connection, nor on a drive that cannot tell, unless the driver has counted from the beginning of a partition that is certain. */
  readonly known: boolean;
  /** Number of the next logical object, counting records and filemarks of the partition from 0. */
  readonly object?: number;
  /** Filemarks between the beginning of the partition and here, when known. */
  readonly file?: number;
  /** Partition number. */
  readonly partition: number;
  /** Whether this is the beginning of the partition. */
  readonly beginningOfPartition: boolean;
  /** Whether this lies between early warning and the end of the partition. */
  readonly endOfPartition: boolean;
  /** Whether this lies behind the programmable early warning, see {@linkcode DriveUpkeep.setEarlyWarning}; absent when the driver counts for the drive. */
  readonly programmableEarlyWarning?: boolean;
  /** Who says so: the drive, or the driver's own count since the beginning of the partition, for drives that cannot tell. */
  readonly source: "device" | "counted";
}

/** What a drive says about its position. */
export interface DevicePosition {
  /** Number of the next object; `undefined` when the drive does not know. */
  readonly object?: number;
  /** Filemarks since the beginning of the partition, from the long form when the drive knows. */
  readonly file?: number;
  readonly partition: number;
  readonly beginningOfPartition: boolean;
  readonly endOfPartition: boolean;
  readonly programmableEarlyWarning: boolean;
  /** The drive says itself that it does not know. */
  readonly isUnknown?: true;
  /** The number is negative: SPACE backwards has gone beyond the beginning. */
  readonly isBeforeBeginning?: true;
}

/** No object has a number as large, in each form: it is a negative one, as istgt says -1 where SPACE backwards went beyond the beginning. */
const NEGATIVE: Readonly<Record<number, number>> = {
  [PositionForm.Short]: 0xffff_ffff,
  [PositionForm.Long]: 2 ** 53,
};

const BEGINNING = 0x80;
const END = 0x40;
const MARK_UNKNOWN = 0x08;
/** Bit 2 in every form: LOLU in the short one, LONU in the long one. */
const LOCATION_UNKNOWN = 0x04;
const POSITION_ERROR = 0x02;
/** Bit 0 in every form: BPEW. */
const PROGRAMMABLE_WARNING = 0x01;

/**
 * Decodes an answer to READ POSITION in the form that was asked for. `undefined` when the answer is too short to be one, or (PERR) its number
 * does not fit the form.
 */
export function decodePosition(bytes: Uint8Array, form: number): DevicePosition | undefined {
  if (bytes.length === 0) return undefined;
  const flags = bytes[0];
  const facts = {
    partition: 0,
    beginningOfPartition: (flags & BEGINNING) !== 0,
    endOfPartition: (flags & END) !== 0,
    programmableEarlyWarning: (flags & PROGRAMMABLE_WARNING) !== 0,
  };
  // Some devices answer any form with the short one; that they do not know needs no more than this bit.
  if ((flags & LOCATION_UNKNOWN) !== 0) {
    return { ...facts, beginningOfPartition: false, isUnknown: true };
  }
  if (bytes.length < POSITION_BYTES[form]) return undefined;
  if (form === PositionForm.Short && (flags & POSITION_ERROR) !== 0) return undefined;
  // tgt answers the long form with zeros wherever the tape stands. Object 0 is the beginning, so one says so or neither is true.
  if ((flags & BEGINNING) === 0 && objectOf(bytes, form) === 0) return facts;
  if (objectOf(bytes, form) >= NEGATIVE[form]) return { ...facts, isBeforeBeginning: true };
  return form === PositionForm.Long
    ? { ...facts, ...longFields(bytes, flags) }
    : { ...facts, partition: bytes[1], object: objectOf(bytes, form) };
}

function objectOf(bytes: Uint8Array, form: number): number {
  return form === PositionForm.Long ? Number(readU64(bytes, 8)) : readU32(bytes, 4);
}

function longFields(bytes: Uint8Array, flags: number): Partial<DevicePosition> {
  return {
    partition: readU32(bytes, 4),
    object: objectOf(bytes, PositionForm.Long),
    ...((flags & MARK_UNKNOWN) === 0 && { file: Number(readU64(bytes, 16)) }),
  };
}
