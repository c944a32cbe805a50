/**
 * UNMAP: tells a disk that blocks are no longer needed (SBC-4 §5).
 *
 * @module
 */

import { readU16, readU32, readU64, writeU16, writeU32 } from "../big_endian.ts";
import { cdbOf, checkedField, writeLba } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockRange } from "./block_range.ts";
import { executeOnDisk } from "./disk_command.ts";

const HEADER_LENGTH = 8;
const DESCRIPTOR_LENGTH = 16;
const DESCRIPTORS_LENGTH = 2;
const BLOCKS = 8;
/** As many as the 16-bit lengths leave room for. */
const MAX_DESCRIPTORS = Math.floor((0xffff - HEADER_LENGTH) / DESCRIPTOR_LENGTH);

const ANCHOR = 0x01;

/** Options of {@link unmapCdb}. */
export interface UnmapCdbOptions {
  /** The blocks keep a place reserved on the medium (ANCHOR). @default false */
  anchor?: boolean;
}

/**
 * UNMAP (SBC-4 §5).
 *
 * @param parameterListLength Bytes of data that go with it, 0 to 65535.
 * @throws {RangeError} when it does not fit.
 */
export function unmapCdb(parameterListLength: number, options: UnmapCdbOptions = {}): Uint8Array {
  const cdb = cdbOf(0x42);
  cdb[1] = options.anchor ? ANCHOR : 0;
  writeU16(cdb, 7, checkedField("a parameter list length", parameterListLength, 0xffff));
  return cdb;
}

/**
 * Encodes the parameter list of UNMAP. The array is the caller's.
 *
 * @throws {RangeError} when there are more than 4095 ranges, or one does not fit.
 */
export function encodeUnmap(ranges: readonly BlockRange[]): Uint8Array {
  checkedField("a number of ranges", ranges.length, MAX_DESCRIPTORS);
  const bytes = new Uint8Array(HEADER_LENGTH + ranges.length * DESCRIPTOR_LENGTH);
  writeU16(bytes, 0, bytes.length - DESCRIPTORS_LENGTH);
  writeU16(bytes, DESCRIPTORS_LENGTH, bytes.length - HEADER_LENGTH);
  ranges.forEach(({ lba, blocks }, i) => {
    const at = HEADER_LENGTH + i * DESCRIPTOR_LENGTH;
    writeLba(bytes, at, lba);
    writeU32(bytes, at + BLOCKS, checkedField("a number of blocks", blocks, 0xffffffff));
  });
  return bytes;
}

/**
 * Decodes the parameter list of UNMAP, for the device's side: the ranges that came whole. An address beyond 2^53 - 1
 * comes out rounded, which is still beyond the end of any disk that {@link Capacity} can describe. Never throws.
 */
export function decodeUnmap(bytes: Uint8Array): BlockRange[] {
  if (bytes.length < HEADER_LENGTH) return [];
  const end = Math.min(bytes.length, HEADER_LENGTH + readU16(bytes, DESCRIPTORS_LENGTH));
  const ranges: BlockRange[] = [];
  for (let at = HEADER_LENGTH; at + DESCRIPTOR_LENGTH <= end; at += DESCRIPTOR_LENGTH) {
    ranges.push({ lba: Number(readU64(bytes, at)), blocks: readU32(bytes, at + BLOCKS) });
  }
  return ranges;
}

/** Options of {@link unmapBlocks}. */
export interface UnmapOptions extends UnmapCdbOptions, CommandOptions {}

/**
 * Tells the device that blocks are no longer needed. What they read as afterwards the device's provisioning tells
 * ({@link Capacity}, {@link LogicalBlockProvisioning}). More ranges or blocks than the device takes at once
 * ({@link BlockLimits}) are refused by it, not split. A device may unmap some ranges before it fails at another.
 *
 * @throws {RangeError} when there are more than 4095 ranges, or one does not fit.
 * @throws {CheckConditionError} when it answered CHECK CONDITION.
 * @throws {ScsiStatusError} when it answered another status, RESERVATION CONFLICT for instance.
 * @throws {ServiceDeliveryError} when no status came back; `outcome` tells whether it may have been done.
 */
export async function unmapBlocks(
  unit: LogicalUnit,
  ranges: readonly BlockRange[],
  options: UnmapOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const dataOut = encodeUnmap(ranges);
  const cdb = unmapCdb(dataOut.length, options);
  // The list has its length in it, and tgt reports a residual for lists that it took whole: none is looked at.
  await executeOnDisk(unit, { cdb, dataOut, signal, timeoutMs });
}
