/**
 * The Basic Header Segment that every iSCSI PDU begins with (RFC 7143 §11.2.1): the fields that PDUs share.
 *
 * @module
 */

import { readU24, readU32, writeU32 } from "../../scsi/big_endian.ts";

/** Length of the Basic Header Segment in bytes. */
export const BHS_LENGTH = 48;

/** Byte offsets of the fields that most PDUs share (RFC 7143 §11.2.1). */
export const OPCODE = 0;
export const FLAGS = 1;
export const TOTAL_AHS_LENGTH = 4;
export const DATA_SEGMENT_LENGTH = 5;
export const LUN = 8;
export const INITIATOR_TASK_TAG = 16;
export const TARGET_TRANSFER_TAG = 20;
export const CMD_SN = 24;
export const STAT_SN = 24;
export const EXP_STAT_SN = 28;
export const EXP_CMD_SN = 28;
export const MAX_CMD_SN = 32;

/** Byte 0, I bit: immediate delivery. */
export const IMMEDIATE = 0x40;
/** Byte 0, bits 5 to 0. */
export const OPCODE_MASK = 0x3f;
/** Byte 1, F bit: the last (or only) PDU of a sequence. */
export const FINAL = 0x80;

/** The tag value that names no task and no transfer. */
export const RESERVED_TAG = 0xffffffff;

/** The 8-byte LUN field as one number, most significant byte first (SAM-5 §4.7). */
export function readLun(bytes: Uint8Array, at: number = LUN): bigint {
  const high = readU32(bytes, at);
  const low = readU32(bytes, at + 4);
  return (high | low) === 0 ? 0n : (BigInt(high) << 32n) | BigInt(low);
}

export function writeLun(bytes: Uint8Array, lun: bigint, at: number = LUN): void {
  if (lun === 0n) return void bytes.fill(0, at, at + 8);
  writeU32(bytes, at, Number(lun >> 32n));
  writeU32(bytes, at + 4, Number(lun & 0xffffffffn));
}

/** TotalAHSLength in bytes (the field counts four-byte words) of the header that begins at `at`. */
export function ahsLength(bytes: Uint8Array, at: number = 0): number {
  return bytes[at + TOTAL_AHS_LENGTH] * 4;
}

/** DataSegmentLength in bytes, without padding. */
export function dataSegmentLength(bhs: Uint8Array): number {
  return readU24(bhs, DATA_SEGMENT_LENGTH);
}

/** `length` rounded up to a whole number of four-byte words. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
