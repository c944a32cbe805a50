/**
 * Which blocks a CDB names, and whether they are there (SBC-4 §4.5, §5).
 *
 * @module
 */

import { readU16, readU32, readU64 } from "../../scsi/big_endian.ts";
import type { BlockRange } from "../../scsi/block/block_range.ts";
import { SenseKey } from "../../scsi/sense_codes.ts";
import { type Condition, failed, invalidField, type Outcome } from "../tape/conditions.ts";
import { CONTROL } from "../unit/unit_command.ts";
import type { DiskState } from "./disk_state.ts";

/** LOGICAL BLOCK ADDRESS OUT OF RANGE. */
const OUT_OF_RANGE: Condition = { key: SenseKey.IllegalRequest, asc: 0x21, ascq: 0x00 };

/** Most bytes of one transfer, as page B0h tells: what a target collects for one command unless told otherwise. */
export const MAX_TRANSFER_BYTES = 16 * 1024 * 1024;

/** The forms of CDBs that name a range of blocks. */
export type RangeForm = 6 | 10 | 12 | 16;

/** An address of 64 bits as a number; what is not exact then is out of any range. */
function readLba64(cdb: Uint8Array, at: number): number {
  return Number(readU64(cdb, at));
}

const READERS: Readonly<Record<RangeForm, (cdb: Uint8Array) => BlockRange>> = {
  // 21 bits of address, and 0 for 256 blocks.
  6: (cdb) => ({ lba: ((cdb[1] & 0x1f) << 16) | readU16(cdb, 2), blocks: cdb[4] || 256 }),
  10: (cdb) => ({ lba: readU32(cdb, 2), blocks: readU16(cdb, 7) }),
  12: (cdb) => ({ lba: readU32(cdb, 2), blocks: readU32(cdb, 6) }),
  16: (cdb) => ({ lba: readLba64(cdb, 2), blocks: readU32(cdb, 10) }),
};

/** The range that a CDB names. */
export function rangeOf(cdb: Uint8Array, form: RangeForm): BlockRange {
  return READERS[form](cdb);
}

/** GROUP NUMBER may be anything: nothing is counted by group. */
const GROUP = 0x1f;

/** CDB usage of a form, with the bits that byte 1 may have. */
export function rangeUsage(form: RangeForm, flags: number): number[] {
  const bytes = (count: number) => new Array<number>(count).fill(0xff);
  if (form === 6) return [0x1f, ...bytes(3), CONTROL];
  if (form === 10) return [flags, ...bytes(4), GROUP, ...bytes(2), CONTROL];
  return form === 12 ? [flags, ...bytes(8), GROUP, CONTROL] : [flags, ...bytes(12), GROUP, CONTROL];
}

/** Why a range cannot be used: it ends beyond the last block. An empty one may lie right behind it. */
export function outOfRange({ store }: DiskState, { lba, blocks }: BlockRange): Outcome | undefined {
  if (lba + blocks <= store.blocks) return undefined;
  return failed(OUT_OF_RANGE, lba <= 0xffffffff ? { information: lba } : {});
}

/** Why a range cannot be transferred: it is not there, or more than one command may move. */
export function unfitTransfer(
  state: DiskState,
  range: BlockRange,
  lengthByte: number,
): Outcome | undefined {
  const refused = outOfRange(state, range);
  if (refused !== undefined) return refused;
  const tooMuch = range.blocks * state.store.blockBytes > MAX_TRANSFER_BYTES;
  return tooMuch ? invalidField(lengthByte) : undefined;
}

/** Where the number of blocks begins in a CDB. */
export const LENGTH_BYTE: Readonly<Record<RangeForm, number>> = { 6: 4, 10: 7, 12: 6, 16: 10 };
