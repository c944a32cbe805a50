/**
 * SYNCHRONIZE CACHE: puts what a disk's volatile cache holds on the medium (SBC-4 §5: SYNCHRONIZE CACHE(10) and (16)).
 *
 * @module
 */

import { checkedField } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockRange, CdbLengthOptions } from "./block_range.ts";
import { executeOnDisk } from "./disk_command.ts";
import { cdbLengthFor, rangeCdb10, rangeCdb16 } from "./range_cdb.ts";

/** Options of the CDBs of SYNCHRONIZE CACHE. */
export interface SynchronizeCacheCdbOptions {
  /**
   * GOOD comes at once, before anything is on the medium, and a failure later as a deferred error (IMMED).
   * @default false
   */
  immediate?: boolean;
}

const IMMED = 0x02;

/**
 * SYNCHRONIZE CACHE(10) (SBC-4 §5). With 0 blocks it is about all from the address to the end of the medium.
 *
 * @throws {RangeError} when address or count does not fit.
 */
export function synchronizeCache10Cdb(
  range: BlockRange,
  options: SynchronizeCacheCdbOptions = {},
): Uint8Array {
  return rangeCdb10(0x35, options.immediate ? IMMED : 0, range);
}

/** SYNCHRONIZE CACHE(16) (SBC-4 §5). Otherwise as {@link synchronizeCache10Cdb}. */
export function synchronizeCache16Cdb(
  range: BlockRange,
  options: SynchronizeCacheCdbOptions = {},
): Uint8Array {
  return rangeCdb16(0x91, options.immediate ? IMMED : 0, range);
}

/** Options of {@link synchronizeCache}. */
export interface SynchronizeCacheOptions
  extends SynchronizeCacheCdbOptions, CdbLengthOptions, CommandOptions {
  /** Blocks to put on the medium, at least one. Many devices take this for all. @default the whole medium */
  range?: BlockRange;
}

const WHOLE_MEDIUM: BlockRange = { lba: 0, blocks: 0 };

/**
 * Has the device put the content of its volatile cache on the medium.
 *
 * @throws {RangeError} when the range has no blocks, or address or count does not fit.
 * @throws {CheckConditionError} when the device answered CHECK CONDITION: what was in the cache may be lost.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function synchronizeCache(
  unit: LogicalUnit,
  options: SynchronizeCacheOptions = {},
): Promise<void> {
  const { range = WHOLE_MEDIUM, signal, timeoutMs } = options;
  // On the wire 0 stands for the rest of the medium: a count that came out as 0 must not.
  if (options.range) checkedField("a number of blocks", range.blocks, 0xffffffff, 1);
  const length = cdbLengthFor(range, options);
  const build = length === 10 ? synchronizeCache10Cdb : synchronizeCache16Cdb;
  await executeOnDisk(unit, { cdb: build(range, options), signal, timeoutMs });
}
