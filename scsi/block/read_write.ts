/**
 * Reading and writing logical blocks (SBC-4 §5: READ(10), READ(16), WRITE(10), WRITE(16)). Without protection
 * information: RDPROTECT and WRPROTECT are 0.
 *
 * @module
 */

import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockRange, CdbLengthOptions } from "./block_range.ts";
import type { CacheOptions } from "./cache_options.ts";
import { transferWhole } from "./disk_command.ts";
import { blocksIn, cacheFlags, cdbLengthFor, rangeCdb10, rangeCdb16 } from "./range_cdb.ts";

/**
 * READ(10) (SBC-4 §5). No blocks is no error: nothing is read.
 *
 * @throws {RangeError} when address or count does not fit.
 */
export function read10Cdb(range: BlockRange, options: CacheOptions = {}): Uint8Array {
  return rangeCdb10(0x28, cacheFlags(options), range);
}

/** READ(16) (SBC-4 §5). Otherwise as {@link read10Cdb}. */
export function read16Cdb(range: BlockRange, options: CacheOptions = {}): Uint8Array {
  return rangeCdb16(0x88, cacheFlags(options), range);
}

/**
 * WRITE(10) (SBC-4 §5). No blocks is no error: nothing is written.
 *
 * @throws {RangeError} when address or count does not fit.
 */
export function write10Cdb(range: BlockRange, options: CacheOptions = {}): Uint8Array {
  return rangeCdb10(0x2a, cacheFlags(options), range);
}

/** WRITE(16) (SBC-4 §5). Otherwise as {@link write10Cdb}. */
export function write16Cdb(range: BlockRange, options: CacheOptions = {}): Uint8Array {
  return rangeCdb16(0x8a, cacheFlags(options), range);
}

/** Blocks to read, and where to. */
export interface BlockRead {
  /** Logical block address of the first, 0 to 2^53 - 1. */
  readonly lba: number;
  /** Bytes of one logical block: `blockBytes` of {@link readCapacity}. */
  readonly blockBytes: number;
  /**
   * Where they go: as many whole blocks as there are to read, at least one. It belongs to the logical unit until the
   * promise has settled, and to the caller before and after.
   */
  readonly into: Uint8Array;
}

/** Blocks to write, and what with. */
export interface BlockWrite {
  /** Logical block address of the first, 0 to 2^53 - 1. */
  readonly lba: number;
  /** Bytes of one logical block: `blockBytes` of {@link readCapacity}. */
  readonly blockBytes: number;
  /** Whole blocks, at least one. Not copied: it must not change until the promise has settled. */
  readonly data: Uint8Array;
}

/** Options of {@link readBlocks} and {@link writeBlocks}. */
export interface BlockTransferOptions extends CacheOptions, CdbLengthOptions, CommandOptions {}

/**
 * Reads logical blocks into the caller's buffer, with one command. More than the device takes at once (see
 * {@link BlockLimits}) is refused by it, not split. After an error the buffer's content is undefined.
 *
 * @throws {RangeError} when the buffer is not whole blocks, or the address does not fit.
 * @throws {UnexpectedResponseError} when the device sent fewer or more bytes: its blocks have another length.
 * @throws {CheckConditionError} when it answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readBlocks(
  unit: LogicalUnit,
  { lba, blockBytes, into }: BlockRead,
  options: BlockTransferOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const range = { lba, blocks: blocksIn(into, blockBytes) };
  const build = cdbLengthFor(range, options) === 10 ? read10Cdb : read16Cdb;
  await transferWhole(unit, { cdb: build(range, options), dataIn: into, signal, timeoutMs });
}

/**
 * Writes logical blocks, with one command. GOOD means that the device has them; that they are on the medium only
 * `fua` or {@link synchronizeCache} say. After an error any of the blocks may hold old or new content; a wrong
 * `blockBytes` comes to light afterwards, if at all.
 *
 * @throws {RangeError} when the data is not whole blocks, or the address does not fit.
 * @throws {UnexpectedResponseError} when the device took fewer or wanted more bytes: its blocks have another length.
 * @throws {CheckConditionError} when it answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status, RESERVATION CONFLICT for instance.
 * @throws {ServiceDeliveryError} when no status came back; `outcome` tells whether it may have been written.
 */
export async function writeBlocks(
  unit: LogicalUnit,
  { lba, blockBytes, data }: BlockWrite,
  options: BlockTransferOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const range = { lba, blocks: blocksIn(data, blockBytes) };
  const build = cdbLengthFor(range, options) === 10 ? write10Cdb : write16Cdb;
  await transferWhole(unit, { cdb: build(range, options), dataOut: data, signal, timeoutMs });
}
