/**
 * Block limits, vital product data page B0h of a disk: how much its commands take at once (SBC-4 §6.6). On a tape
 * drive the page of the same number holds something else.
 *
 * @module
 */

import { readU16, readU32, readU64, writeU16, writeU32 } from "../big_endian.ts";
import { checkedField, writeLba } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { readVpdPage } from "../vpd.ts";

/** Limits of a disk, in logical blocks unless said otherwise. 0 stands for "not told", unless said otherwise. */
export interface BlockLimits {
  /** Whether WRITE SAME with 0 blocks is refused, rather than taken for all to the end (WSNZ). */
  readonly writeSameNonZero: boolean;
  /** Most blocks of COMPARE AND WRITE, 0 to 255; 0 when there is no such command. */
  readonly maxCompareAndWriteBlocks: number;
  /** Transfers of a multiple of this are fast. */
  readonly optimalTransferGranularity: number;
  /** Most blocks of one READ, WRITE, VERIFY and the like. */
  readonly maxTransferBlocks: number;
  /** Transfers longer than this get slower. */
  readonly optimalTransferBlocks: number;
  /** Most blocks of PRE-FETCH. */
  readonly maxPrefetchBlocks: number;
  /** Most blocks of one UNMAP, all ranges together; 0 when there is no such command, 2^32 - 1 for no limit. */
  readonly maxUnmapBlocks: number;
  /** Most ranges of one UNMAP; 0 when there is no such command, 2^32 - 1 for no limit. */
  readonly maxUnmapRanges: number;
  /** Ranges of UNMAP that are a multiple of this do most. */
  readonly optimalUnmapGranularity: number;
  /** The lowest LBA from which the granularity counts, 0 to 2^31 - 1. Absent when not told (UGAVALID). */
  readonly unmapGranularityAlignment?: number;
  /** Most blocks of WRITE SAME; more than 2^53 - 1 come out as that. */
  readonly maxWriteSameBlocks: number;
  /** Most blocks of an atomic write; 0 when there is none. */
  readonly maxAtomicBlocks: number;
  /** An atomic write begins at a multiple of this. */
  readonly atomicAlignment: number;
  /** The length of an atomic write is a multiple of this. */
  readonly atomicGranularity: number;
  /** Most blocks of an atomic write with atomic boundaries. */
  readonly maxAtomicBlocksWithBoundary: number;
  /** Most blocks between atomic boundaries; 0 when only all or nothing is atomic. */
  readonly maxAtomicBoundaryBlocks: number;
}

/** Page code of the block limits. */
export const BLOCK_LIMITS_PAGE = 0xb0;

// Offsets in the body of the page: four less than in the standard, which counts the header.
const BODY_LENGTH = 60;
const FLAGS = 0;
const COMPARE_AND_WRITE = 1;
const TRANSFER_GRANULARITY = 2;
const ALIGNMENT = 28;
const WRITE_SAME = 32;

const WSNZ = 0x01;
const UGAVALID = 0x80000000;
const MAX_ALIGNMENT = 0x7fffffff;

/** The fields of 32 bits and nothing else. */
const FIELDS = {
  maxTransferBlocks: 4,
  optimalTransferBlocks: 8,
  maxPrefetchBlocks: 12,
  maxUnmapBlocks: 16,
  maxUnmapRanges: 20,
  optimalUnmapGranularity: 24,
  maxAtomicBlocks: 40,
  atomicAlignment: 44,
  atomicGranularity: 48,
  maxAtomicBlocksWithBoundary: 52,
  maxAtomicBoundaryBlocks: 56,
} as const;

type Field = keyof typeof FIELDS;
const FIELD_OFFSETS = Object.entries(FIELDS) as [Field, number][];

function clamped(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** Decodes the body of page B0h; fields beyond the end of a short one are "not told". Never throws. */
export function decodeBlockLimits(body: Uint8Array): BlockLimits {
  const bytes = new Uint8Array(BODY_LENGTH);
  bytes.set(body.subarray(0, BODY_LENGTH));
  const fields = FIELD_OFFSETS.map(([field, at]) => [field, readU32(bytes, at)]);
  const alignment = readU32(bytes, ALIGNMENT);
  return {
    writeSameNonZero: (bytes[FLAGS] & WSNZ) !== 0,
    maxCompareAndWriteBlocks: bytes[COMPARE_AND_WRITE],
    optimalTransferGranularity: readU16(bytes, TRANSFER_GRANULARITY),
    ...Object.fromEntries(fields) as Record<Field, number>,
    ...(alignment >= UGAVALID && { unmapGranularityAlignment: alignment - UGAVALID }),
    maxWriteSameBlocks: clamped(readU64(bytes, WRITE_SAME)),
  };
}

/**
 * Encodes the body of page B0h, 60 bytes; what is left out is "not told". The array is the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 */
export function encodeBlockLimits(limits: Partial<BlockLimits>): Uint8Array {
  const { writeSameNonZero = false, unmapGranularityAlignment: alignment } = limits;
  const field = (name: keyof Omit<BlockLimits, "writeSameNonZero">, max: number) =>
    checkedField(name, limits[name] ?? 0, max);
  const bytes = new Uint8Array(BODY_LENGTH);
  bytes[FLAGS] = writeSameNonZero ? WSNZ : 0;
  bytes[COMPARE_AND_WRITE] = field("maxCompareAndWriteBlocks", 0xff);
  writeU16(bytes, TRANSFER_GRANULARITY, field("optimalTransferGranularity", 0xffff));
  for (const [name, at] of FIELD_OFFSETS) writeU32(bytes, at, field(name, 0xffffffff));
  if (alignment !== undefined) {
    writeU32(bytes, ALIGNMENT, UGAVALID + field("unmapGranularityAlignment", MAX_ALIGNMENT));
  }
  writeLba(bytes, WRITE_SAME, field("maxWriteSameBlocks", Number.MAX_SAFE_INTEGER));
  return bytes;
}

/** The limits of a disk; `undefined` when it does not have the page. Errors as {@link readVpdPage}. */
export async function readBlockLimits(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<BlockLimits | undefined> {
  const body = await readVpdPage(unit, BLOCK_LIMITS_PAGE, options);
  return body && decodeBlockLimits(body);
}
