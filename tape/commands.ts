/**
 * Command descriptor blocks of the stream commands (SSC-4), one builder each.
 *
 * @module
 */

import { writeU16, writeU24, writeU32, writeU64 } from "../scsi/big_endian.ts";

/** Operation codes of the stream commands that this driver sends (SSC-4). */
export const TapeOpcode = {
  Rewind: 0x01,
  ReadBlockLimits: 0x05,
  Read6: 0x08,
  Write6: 0x0a,
  WriteFilemarks6: 0x10,
  Space6: 0x11,
  Erase6: 0x19,
  LoadUnload: 0x1b,
  Locate10: 0x2b,
  ReadPosition: 0x34,
  ReportDensitySupport: 0x44,
  Space16: 0x91,
  Locate16: 0x92,
} as const;

/** The largest value of a 24-bit length or count field. */
export const MAX_U24 = 0xff_ffff;

const MAX_I24 = 0x7f_ffff;
const MAX_U32 = 0xffff_ffff;

const FIXED = 0x01;
const SILI = 0x02;
const IMMED = 0x01;
const LONG = 0x01;
const LOAD = 0x01;
const RETENSION = 0x02;
const CHANGE_PARTITION = 0x02;

/** What SPACE counts (SSC-4, CODE field). */
export const SpaceCode = { Blocks: 0, Filemarks: 1, EndOfData: 3 } as const;

/** Service actions of READ POSITION (SSC-4). */
export const PositionForm = { Short: 0, Long: 6 } as const;

/** Bytes that each form of READ POSITION returns. */
export const POSITION_BYTES: Readonly<Record<number, number>> = {
  [PositionForm.Short]: 20,
  [PositionForm.Long]: 32,
};

/** What LOCATE(16)'s number means (SSC-4, DEST_TYPE field). */
export const LocateDestination = { Object: 0, File: 1 } as const;

function cdb6(opcode: number, flags: number, field = 0): Uint8Array {
  const cdb = new Uint8Array(6);
  cdb[0] = opcode;
  cdb[1] = flags;
  writeU24(cdb, 2, field & MAX_U24);
  return cdb;
}

/** REWIND (SSC-4), answered when the tape stands at the beginning. */
export function rewindCdb(): Uint8Array {
  return cdb6(TapeOpcode.Rewind, 0);
}

/** READ BLOCK LIMITS (SSC-4). */
export function readBlockLimitsCdb(): Uint8Array {
  return cdb6(TapeOpcode.ReadBlockLimits, 0);
}

/** Fields of READ(6). */
export interface ReadCdbOptions {
  /** Whether `length` counts blocks of the block length in force, else bytes of one record. */
  readonly fixed: boolean;
  /** Suppress incorrect length indication; not with `fixed`. */
  readonly sili: boolean;
  /** Bytes or blocks, up to 2^24 - 1. */
  readonly length: number;
}

/** READ(6) (SSC-4). */
export function readCdb({ fixed, sili, length }: ReadCdbOptions): Uint8Array {
  return cdb6(TapeOpcode.Read6, (fixed ? FIXED : 0) | (sili ? SILI : 0), length);
}

/** WRITE(6) (SSC-4): `length` in bytes, or in blocks when `fixed`. */
export function writeCdb(fixed: boolean, length: number): Uint8Array {
  return cdb6(TapeOpcode.Write6, fixed ? FIXED : 0, length);
}

/** WRITE FILEMARKS(6) (SSC-4). Count 0 without `immediate` writes out what the drive has buffered. */
export function writeFilemarksCdb(count: number, immediate: boolean): Uint8Array {
  return cdb6(TapeOpcode.WriteFilemarks6, immediate ? IMMED : 0, count);
}

/** SPACE(6) where the count fits 24 bits, else SPACE(16) (SSC-4). Negative counts go backwards. */
export function spaceCdb(code: number, count: number): Uint8Array {
  if (count >= -MAX_I24 && count <= MAX_I24) return cdb6(TapeOpcode.Space6, code, count);
  const cdb = new Uint8Array(16);
  cdb[0] = TapeOpcode.Space16;
  cdb[1] = code;
  writeU64(cdb, 4, BigInt(count));
  return cdb;
}

/** ERASE(6) (SSC-4), answered when it is done. Short erase writes end of data where the tape stands. */
export function eraseCdb(long: boolean): Uint8Array {
  return cdb6(TapeOpcode.Erase6, long ? LONG : 0);
}

/** LOAD UNLOAD (SSC-4), answered when it is done. */
export function loadUnloadCdb(load: boolean, retension = false): Uint8Array {
  const cdb = cdb6(TapeOpcode.LoadUnload, 0);
  cdb[4] = (load ? LOAD : 0) | (retension ? RETENSION : 0);
  return cdb;
}

/** Where a LOCATE goes. */
export interface LocateCdbOptions {
  /** Object or file number, from 0. */
  readonly number: number;
  /** One of {@link LocateDestination}. */
  readonly destination: number;
  /** Changes to this partition first. @default stays in the present one */
  readonly partition?: number;
}

/** LOCATE(16) (SSC-4), answered when the tape stands there. */
export function locate16Cdb({ number, destination, partition }: LocateCdbOptions): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = TapeOpcode.Locate16;
  cdb[1] = (destination << 3) | (partition === undefined ? 0 : CHANGE_PARTITION);
  cdb[3] = partition ?? 0;
  writeU64(cdb, 4, BigInt(number));
  return cdb;
}

/** LOCATE(10) (SSC-4), which knows object numbers of 32 bits only; `undefined` for what it cannot say. */
export function locate10Cdb(options: LocateCdbOptions): Uint8Array | undefined {
  const { number, destination, partition } = options;
  if (destination !== LocateDestination.Object || number > MAX_U32) return undefined;
  const cdb = new Uint8Array(10);
  cdb[0] = TapeOpcode.Locate10;
  cdb[1] = partition === undefined ? 0 : CHANGE_PARTITION;
  writeU32(cdb, 3, number);
  cdb[8] = partition ?? 0;
  return cdb;
}

/** The forms of LOCATE that can say it, in the order in which they are tried: each where the drive does not know the one before. */
export function locateCdbs(options: LocateCdbOptions): Uint8Array[] {
  const short = locate10Cdb(options);
  return short === undefined ? [locate16Cdb(options)] : [locate16Cdb(options), short];
}

/** READ POSITION in one of the forms of {@link PositionForm} (SSC-4). */
export function readPositionCdb(form: number): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = TapeOpcode.ReadPosition;
  cdb[1] = form;
  return cdb;
}

/** REPORT DENSITY SUPPORT (SSC-4), of the loaded medium when `media` is set, else of the drive. */
export function reportDensitySupportCdb(media: boolean, allocationLength: number): Uint8Array {
  const cdb = new Uint8Array(10);
  cdb[0] = TapeOpcode.ReportDensitySupport;
  cdb[1] = media ? 0x01 : 0;
  writeU16(cdb, 7, allocationLength);
  return cdb;
}
