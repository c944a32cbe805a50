/**
 * WRITE SAME: one block written over many, or many given back (SBC-4 §5: WRITE SAME(10), WRITE SAME(16)). Without
 * protection information: WRPROTECT is 0.
 *
 * @module
 */

import { checkedField } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockRange, CdbLengthOptions } from "./block_range.ts";
import { executeOnDisk, transferWhole } from "./disk_command.ts";
import { cdbLengthFor, rangeCdb10, rangeCdb16 } from "./range_cdb.ts";

/** Whether the device may give back the room that the blocks take. */
export interface UnmapBits {
  /** The device may unmap the blocks, where those then read as what would be written (UNMAP). @default false */
  unmap?: boolean;
  /** Blocks that are unmapped keep a place reserved on the medium (ANCHOR). Needs `unmap`. @default false */
  anchor?: boolean;
}

/** Options of {@link writeSame16Cdb}. */
export interface WriteSame16CdbOptions extends UnmapBits {
  /** Sends no block: zeros are written (NDOB). @default false */
  noDataOut?: boolean;
}

const NDOB = 0x01;
const UNMAP = 0x08;
const ANCHOR = 0x10;

function unmapFlags({ unmap = false, anchor = false }: UnmapBits): number {
  if (anchor && !unmap) throw new RangeError("Cannot anchor blocks: they are not to be unmapped");
  return (unmap ? UNMAP : 0) | (anchor ? ANCHOR : 0);
}

/**
 * WRITE SAME(10) (SBC-4 §5). With 0 blocks the device writes from the address to the end of the medium, unless its
 * block limits forbid that (WSNZ).
 *
 * @throws {RangeError} when address or count does not fit, or ANCHOR comes without UNMAP.
 */
export function writeSame10Cdb(range: BlockRange, options: UnmapBits = {}): Uint8Array {
  return rangeCdb10(0x41, unmapFlags(options), range);
}

/** WRITE SAME(16) (SBC-4 §5). Otherwise as {@link writeSame10Cdb}. */
export function writeSame16Cdb(
  range: BlockRange,
  options: WriteSame16CdbOptions = {},
): Uint8Array {
  const flags = unmapFlags(options) | (options.noDataOut ? NDOB : 0);
  return rangeCdb16(0x93, flags, range);
}

/** Blocks to write over. */
export interface BlockFill {
  /** Logical block address of the first, 0 to 2^53 - 1. */
  readonly lba: number;
  /**
   * How many, 1 to 2^32 - 1; `to-end` for all up to the end of the medium. See `maxWriteSameBlocks` of
   * {@link BlockLimits}.
   */
  readonly blocks: number | "to-end";
  /**
   * The block to write over each of them, which must have the device's block length. Not copied: it must not change
   * until the promise has settled. Left out, no block is sent and zeros are written (NDOB, which only WRITE SAME(16)
   * of newer devices has).
   */
  readonly block?: Uint8Array;
}

/** Options of {@link writeSame}. */
export interface WriteSameOptions extends UnmapBits, CdbLengthOptions, CommandOptions {}

function rangeOf({ lba, blocks }: BlockFill): BlockRange {
  // On the wire 0 stands for the rest of the medium: a count that came out as 0 must not.
  if (blocks === "to-end") return { lba, blocks: 0 };
  return { lba, blocks: checkedField("a number of blocks", blocks, 0xffffffff, 1) };
}

function writeSameCdb(range: BlockRange, noDataOut: boolean, options: WriteSameOptions) {
  const { unmap, anchor, cdbLength = noDataOut ? 16 : undefined } = options;
  if (cdbLengthFor(range, { cdbLength }) === 16) {
    return writeSame16Cdb(range, { unmap, anchor, noDataOut });
  }
  if (noDataOut) throw new RangeError("Cannot build WRITE SAME(10): it needs a block to write");
  return writeSame10Cdb(range, { unmap, anchor });
}

/**
 * Writes one block over many, or with `unmap` gives them back to the device.
 *
 * @throws {RangeError} when there are no blocks, the block to write is empty, ANCHOR comes without UNMAP, 10 bytes
 * of CDB are asked for without a block to write, or address or count does not fit.
 * @throws {UnexpectedResponseError} when the device took fewer or wanted more bytes: its blocks have another length.
 * @throws {CheckConditionError} when it answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status, RESERVATION CONFLICT for instance.
 * @throws {ServiceDeliveryError} when no status came back; `outcome` tells whether it may have been written.
 */
export async function writeSame(
  unit: LogicalUnit,
  fill: BlockFill,
  options: WriteSameOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const { block } = fill;
  if (block) checkedField("a block length", block.length, 0xffffffff, 1);
  const cdb = writeSameCdb(rangeOf(fill), block === undefined, options);
  if (block === undefined) {
    await executeOnDisk(unit, { cdb, signal, timeoutMs });
  } else {
    await transferWhole(unit, { cdb, dataOut: block, signal, timeoutMs });
  }
}
