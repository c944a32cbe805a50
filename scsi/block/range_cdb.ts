/**
 * The two CDB layouts that say which logical blocks a command is about (SBC-4 §5: all commands with LBA and length in
 * 10 or 16 bytes lay them out alike), and the cache bits, which are the same in all that have them.
 *
 * @module
 */

import { writeU16, writeU32 } from "../big_endian.ts";
import { cdbOf, checkedField, writeLba } from "../cdb_field.ts";
import type { BlockRange, CdbLengthOptions } from "./block_range.ts";
import type { CacheOptions } from "./cache_options.ts";

const LBA = 2;
const BLOCKS_10 = 7;
const BLOCKS_16 = 10;
const MAX_LBA_10 = 0xffffffff;
const MAX_BLOCKS_10 = 0xffff;
const MAX_BLOCKS_16 = 0xffffffff;

const WHAT_BLOCKS = "a number of blocks";

const FUA = 0x08;
const DPO = 0x10;

/** A CDB of 10 bytes. Errors as {@link rangeCdb16}. */
export function rangeCdb10(opcode: number, flags: number, range: BlockRange): Uint8Array {
  const cdb = cdbOf(opcode);
  cdb[1] = flags;
  writeU32(cdb, LBA, checkedField("a logical block address", range.lba, MAX_LBA_10));
  writeU16(cdb, BLOCKS_10, checkedField(WHAT_BLOCKS, range.blocks, MAX_BLOCKS_10));
  return cdb;
}

/**
 * A CDB of 16 bytes.
 *
 * @throws {RangeError} when address or count does not fit.
 */
export function rangeCdb16(opcode: number, flags: number, range: BlockRange): Uint8Array {
  const cdb = cdbOf(opcode);
  cdb[1] = flags;
  writeLba(cdb, LBA, range.lba);
  writeU32(cdb, BLOCKS_16, checkedField(WHAT_BLOCKS, range.blocks, MAX_BLOCKS_16));
  return cdb;
}

/** The length that was asked for, or the shortest that has room for the range. */
export function cdbLengthFor(range: BlockRange, options: CdbLengthOptions): 10 | 16 {
  const fits = range.lba <= MAX_LBA_10 && range.blocks <= MAX_BLOCKS_10;
  return options.cdbLength ?? (fits ? 10 : 16);
}

/**
 * How many blocks a buffer holds.
 *
 * @throws {RangeError} when `blockBytes` is not a whole number from 1, or the buffer is not one whole block or more.
 */
export function blocksIn(buffer: Uint8Array, blockBytes: number): number {
  checkedField("a block length", blockBytes, 0xffffffff, 1);
  const blocks = buffer.length / blockBytes;
  if (Number.isInteger(blocks) && blocks > 0) return blocks;
  throw new RangeError(
    `Cannot transfer blocks of ${blockBytes} bytes: the buffer has ${buffer.length}`,
  );
}

/** FUA and DPO at their bits. */
export function cacheFlags({ fua = false, dpo = false }: CacheOptions): number {
  return (fua ? FUA : 0) | (dpo ? DPO : 0);
}
