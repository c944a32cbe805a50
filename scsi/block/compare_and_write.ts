/**
 * COMPARE AND WRITE: blocks change only if they hold what the caller expects, as one indivisible step (SBC-4 §5).
 *
 * @module
 */

import { cdbOf, checkedField, writeLba } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockRange } from "./block_range.ts";
import type { CacheOptions } from "./cache_options.ts";
import { transferComparing } from "./comparing_command.ts";
import { blocksIn, cacheFlags } from "./range_cdb.ts";

const LBA = 2;
const BLOCKS = 13;
const MAX_BLOCKS = 0xff;

/**
 * COMPARE AND WRITE (SBC-4 §5). Its Data-Out buffer holds twice `blocks`: those to compare, then those to write.
 *
 * @throws {RangeError} when the address does not fit, or there are more than 255 blocks.
 */
export function compareAndWriteCdb(range: BlockRange, options: CacheOptions = {}): Uint8Array {
  const cdb = cdbOf(0x89);
  cdb[1] = cacheFlags(options);
  writeLba(cdb, LBA, range.lba);
  cdb[BLOCKS] = checkedField("a number of blocks", range.blocks, MAX_BLOCKS);
  return cdb;
}

/** Blocks to replace, and by what. */
export interface BlockExchange {
  /** Logical block address of the first, 0 to 2^53 - 1. */
  readonly lba: number;
  /** Bytes of one logical block. */
  readonly blockBytes: number;
  /** What the medium must hold: 1 to 255 whole blocks; see `maxCompareAndWriteBlocks` of {@link BlockLimits}. Copied. */
  readonly compare: Uint8Array;
  /** What takes its place, of the same length. Copied. */
  readonly write: Uint8Array;
}

/** Options of {@link compareAndWrite}. */
export interface CompareAndWriteOptions extends CacheOptions, CommandOptions {}

function pair({ compare, write }: BlockExchange): Uint8Array {
  if (compare.length !== write.length) {
    throw new RangeError(
      `Cannot compare and write: ${compare.length} bytes to compare, ${write.length} to write`,
    );
  }
  const dataOut = new Uint8Array(compare.length + write.length);
  dataOut.set(compare);
  dataOut.set(write, compare.length);
  return dataOut;
}

/**
 * Replaces blocks if they hold what is expected. No other command comes in between.
 *
 * @throws {RangeError} when the data is not 1 to 255 whole blocks of one length each, or the address does not fit.
 * @throws {MiscompareError} when the medium holds something else; nothing was written.
 * @throws {UnexpectedResponseError} when the device took fewer or wanted more bytes: its blocks have another length.
 * @throws {CheckConditionError} when it answered CHECK CONDITION for another reason.
 * @throws {ScsiStatusError} when it answered another status, RESERVATION CONFLICT for instance.
 * @throws {ServiceDeliveryError} when no status came back; `outcome` tells whether it may have been written. Whoever
 * repeats it then must expect either content.
 */
export async function compareAndWrite(
  unit: LogicalUnit,
  exchange: BlockExchange,
  options: CompareAndWriteOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const { lba, blockBytes, compare } = exchange;
  const dataOut = pair(exchange);
  const cdb = compareAndWriteCdb({ lba, blocks: blocksIn(compare, blockBytes) }, options);
  const comparedBytes = compare.length;
  await transferComparing(unit, { cdb, dataOut, signal, timeoutMs }, { comparedBytes });
}
