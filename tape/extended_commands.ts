/**
 * Command descriptor blocks of the less common stream commands (SSC-4), one builder each. Each returns a new array, the
 * caller's.
 *
 * @module
 */

import { writeU16, writeU24, writeU32, writeU64 } from "../scsi/big_endian.ts";
import { cdbOf } from "../scsi/cdb_field.ts";

const IMMED = 0x01;

/** What FORMAT MEDIUM does (SSC-4). */
export const MediumFormat = {
  /** One partition, as the drive makes it by default. */
  Default: 0,
  /** The partitions that mode page 11h describes. */
  Partition: 1,
  /** Both: first the default format, then the partitions. */
  DefaultThenPartition: 2,
} as const;

/** FORMAT MEDIUM (SSC-4). */
export function formatMediumCdb(format: number, immediate: boolean): Uint8Array {
  const cdb = cdbOf(0x04);
  cdb[1] = immediate ? IMMED : 0;
  cdb[2] = format;
  return cdb;
}

/** SET CAPACITY (SSC-4): `proportion` of 65535 of the tape. */
export function setCapacityCdb(proportion: number, immediate: boolean): Uint8Array {
  const cdb = cdbOf(0x0b);
  cdb[1] = immediate ? IMMED : 0;
  writeU16(cdb, 3, proportion);
  return cdb;
}

/** ERASE(6) (SSC-4) of all that follows, answered at once or when it is done. */
export function longEraseCdb(immediate: boolean): Uint8Array {
  const cdb = cdbOf(0x19);
  cdb[1] = (immediate ? 0x02 : 0) | 0x01;
  return cdb;
}

/** What VERIFY checks. */
export interface VerifyCdbOptions {
  /** Records of the length `length` each in variable mode 1, blocks in fixed mode. */
  readonly length: number;
  /** FIXED: `length` counts blocks, else it is the bytes of one record. */
  readonly fixed?: boolean;
  /** VTE: verifies up to the end of data. */
  readonly toEndOfData?: boolean;
  /** VBF: `length` counts filemarks to verify up to. */
  readonly byFilemarks?: boolean;
  /** VLBPM: checks the logical block protection that is on the tape. */
  readonly protection?: boolean;
}

/** VERIFY(6) (SSC-4): reads and checks, and transfers nothing. */
export function verify6Cdb(options: VerifyCdbOptions): Uint8Array {
  const cdb = cdbOf(0x13);
  cdb[1] = verifyFlags(options);
  writeU24(cdb, 2, options.length);
  return cdb;
}

/** VERIFY(16) (SSC-4): the same from an object of a partition on. */
export function verify16Cdb(
  place: ObjectPlace,
  options: VerifyCdbOptions,
): Uint8Array {
  const cdb = explicitCdb(0x8f, place, options.length);
  cdb[1] = verifyFlags(options);
  return cdb;
}

function verifyFlags(options: VerifyCdbOptions): number {
  const { fixed, toEndOfData, byFilemarks, protection } = options;
  return (toEndOfData ? 0x20 : 0) | (protection ? 0x10 : 0) | (byFilemarks ? 0x08 : 0) |
    (fixed ? 0x01 : 0);
}

/** Fields of READ REVERSE(6). */
export interface ReadReverseCdbOptions {
  /** Whether `length` counts blocks of the block length in force, else bytes of one record. */
  readonly fixed: boolean;
  /** Bytes or blocks. */
  readonly length: number;
}

/** READ REVERSE(6) (SSC-4) with the bytes of each record in the order in which they were written (BYTORD). */
export function readReverseCdb({ fixed, length }: ReadReverseCdbOptions): Uint8Array {
  const cdb = cdbOf(0x0f);
  cdb[1] = 0x04 | (fixed ? 0x01 : 0);
  writeU24(cdb, 2, length);
  return cdb;
}

/** An object of a partition. */
export interface ObjectPlace {
  readonly partition: number;
  readonly object: number;
}

function explicitCdb(
  opcode: number,
  { partition, object }: ObjectPlace,
  length: number,
): Uint8Array {
  const cdb = cdbOf(opcode);
  cdb[3] = partition;
  writeU64(cdb, 4, BigInt(object));
  writeU24(cdb, 12, length);
  return cdb;
}

/** READ(16) (SSC-4): the object's place is in the command. */
export function read16Cdb(place: ObjectPlace, fixed: boolean, length: number): Uint8Array {
  const cdb = explicitCdb(0x88, place, length);
  cdb[1] = fixed ? 0x01 : 0;
  return cdb;
}

/** FCS and LCS: the command is a sequence of its own. */
const WHOLE_SEQUENCE = 0x0c;

/** WRITE(16) (SSC-4): the object's place is in the command. */
export function write16Cdb(place: ObjectPlace, fixed: boolean, length: number): Uint8Array {
  const cdb = explicitCdb(0x8a, place, length);
  cdb[1] = WHOLE_SEQUENCE | (fixed ? 0x01 : 0);
  return cdb;
}

/** What ALLOW OVERWRITE allows (SSC-4). */
export const Overwriting = { Nothing: 0, HereOnce: 1, Format: 2 } as const;

/** ALLOW OVERWRITE (SSC-4). */
export function allowOverwriteCdb(what: number, place: ObjectPlace): Uint8Array {
  const cdb = cdbOf(0x82);
  cdb[2] = what;
  cdb[3] = place.partition;
  writeU64(cdb, 4, BigInt(place.object));
  return cdb;
}

/** LOAD UNLOAD (SSC-4) that takes the tape in and holds it unthreaded, so that its memory alone can be read. */
export function loadHoldingCdb(): Uint8Array {
  const cdb = cdbOf(0x1b);
  cdb[4] = 0x09;
  return cdb;
}

/** The order that the drive recommends: as it finds best, without geometry (SSC-5). */
const REORDER = 0x02;

/** GENERATE RECOMMENDED ACCESS ORDER (SSC-5). */
export function generateAccessOrderCdb(parameterListLength: number): Uint8Array {
  const cdb = cdbOf(0xa4);
  cdb[1] = 0x1d;
  cdb[2] = REORDER;
  writeU32(cdb, 6, parameterListLength);
  return cdb;
}

/** RECEIVE RECOMMENDED ACCESS ORDER (SSC-5), from the list's beginning. */
export function receiveAccessOrderCdb(allocationLength: number): Uint8Array {
  const cdb = cdbOf(0xa3);
  cdb[1] = 0x1d;
  writeU32(cdb, 6, allocationLength);
  return cdb;
}
