/**
 * A disk's capacity as the answers to READ CAPACITY(10) and READ CAPACITY(16) have it (SBC-4 §5).
 *
 * @module
 */

import { readU16, readU32, readU64, writeU16, writeU32 } from "../big_endian.ts";
import { checkedField, writeLba } from "../cdb_field.ts";
import { UnexpectedResponseError } from "../errors.ts";
import type { DecodeOptions } from "../inquiry.ts";

/** What READ CAPACITY(10) tells. */
export interface Capacity10 {
  /** Logical blocks, 1 to 2^32 - 1. Absent when there are more than the command can tell. */
  readonly blocks?: number;
  /** Bytes of one logical block, without protection information. */
  readonly blockBytes: number;
}

/** What READ CAPACITY(16) tells. */
export interface Capacity {
  /** Logical blocks, 1 to 2^53 - 1. */
  readonly blocks: number;
  /** Bytes of one logical block, without protection information. */
  readonly blockBytes: number;
  /** Logical blocks in one physical block: 1, 2, 4 and so on; 1 also where a logical block takes several. */
  readonly blocksPerPhysicalBlock: number;
  /** The lowest LBA that begins a physical block, 0 to 16383. */
  readonly lowestAlignedLba: number;
  /** Type of protection information that the medium is formatted with, 1 to 8; 0 for none (PROT_EN, P_TYPE). */
  readonly protectionType: number;
  /** Protection information intervals in one logical block: 1, 2, 4 and so on (P_I_EXPONENT). */
  readonly protectionIntervals: number;
  /** Whether blocks need not have room on the medium until they are written: UNMAP makes sense (LBPME). */
  readonly provisioned: boolean;
  /** Whether unmapped blocks read as zeros (LBPRZ). */
  readonly unmappedReadsZeros: boolean;
}

const LENGTH_10 = 8;
const LENGTH_16 = 32;
/** Address and block length; what follows is empty in answers older than SBC-3. */
const MIN_LENGTH_16 = 12;
/** The address that says: too many, ask READ CAPACITY(16). */
const TOO_MANY = 0xffffffff;

const BLOCK_BYTES_10 = 4;
const BLOCK_BYTES_16 = 8;
const PROTECTION = 12;
const EXPONENTS = 13;
const PROVISIONING = 14;

const PROT_EN = 0x01;
const LBPME = 0x80;
const LBPRZ = 0x40;
const MAX_ALIGNED_LBA = 0x3fff;

function unusable(length: 10 | 16, problem: string, options: DecodeOptions) {
  const commandName = `READ CAPACITY(${length})`;
  return new UnexpectedResponseError({ commandName, unitName: options.unitName, problem });
}

function decodeBlockBytes(bytes: Uint8Array, length: 10 | 16, options: DecodeOptions): number {
  const needed = length === 10 ? LENGTH_10 : MIN_LENGTH_16;
  if (bytes.length < needed) {
    throw unusable(length, `${bytes.length} bytes, at least ${needed} needed`, options);
  }
  const blockBytes = readU32(bytes, length === 10 ? BLOCK_BYTES_10 : BLOCK_BYTES_16);
  if (blockBytes === 0) throw unusable(length, "a block length of 0", options);
  return blockBytes;
}

/**
 * Decodes an answer to READ CAPACITY(10).
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes, or the block length is 0.
 */
export function decodeCapacity10(bytes: Uint8Array, options: DecodeOptions = {}): Capacity10 {
  const blockBytes = decodeBlockBytes(bytes, 10, options);
  const last = readU32(bytes, 0);
  return last === TOO_MANY ? { blockBytes } : { blocks: last + 1, blockBytes };
}

/**
 * Encodes an answer to READ CAPACITY(10): 8 bytes, the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 */
export function encodeCapacity10({ blocks, blockBytes }: Capacity10): Uint8Array {
  const bytes = new Uint8Array(LENGTH_10);
  const last = blocks === undefined
    ? TOO_MANY
    : checkedField("a number of blocks", blocks, TOO_MANY, 1) - 1;
  writeU32(bytes, 0, last);
  writeU32(bytes, BLOCK_BYTES_10, checkedField("a block length", blockBytes, 0xffffffff, 1));
  return bytes;
}

/**
 * Decodes an answer to READ CAPACITY(16). Fields beyond the end of a short one have their empty values.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 12 bytes, the block length is 0, or there are 2^53
 * blocks or more.
 */
export function decodeCapacity16(bytes: Uint8Array, options: DecodeOptions = {}): Capacity {
  const blockBytes = decodeBlockBytes(bytes, 16, options);
  const last = readU64(bytes, 0);
  if (last >= BigInt(Number.MAX_SAFE_INTEGER)) {
    throw unusable(16, `${last + 1n} blocks are more than can be numbered`, options);
  }
  const whole = new Uint8Array(LENGTH_16);
  whole.set(bytes.subarray(0, LENGTH_16));
  return { blocks: Number(last) + 1, blockBytes, ...decodeDetails(whole) };
}

function decodeDetails(bytes: Uint8Array): Omit<Capacity, "blocks" | "blockBytes"> {
  const protection = bytes[PROTECTION];
  return {
    blocksPerPhysicalBlock: 1 << (bytes[EXPONENTS] & 0x0f),
    lowestAlignedLba: readU16(bytes, PROVISIONING) & MAX_ALIGNED_LBA,
    protectionType: (protection & PROT_EN) === 0 ? 0 : ((protection >> 1) & 0x07) + 1,
    protectionIntervals: 1 << (bytes[EXPONENTS] >> 4),
    provisioned: (bytes[PROVISIONING] & LBPME) !== 0,
    unmappedReadsZeros: (bytes[PROVISIONING] & LBPRZ) !== 0,
  };
}

/** What {@link encodeCapacity16} puts into an answer; the rest is as of a disk without peculiarities. */
export interface CapacityInput extends Partial<Capacity> {
  /** Logical blocks, 1 to 2^53 - 1. */
  readonly blocks: number;
  /** Bytes of one logical block. */
  readonly blockBytes: number;
}

/** The exponent of a power of two that goes into four bits. */
function exponentOf(what: string, count: number): number {
  const exponent = 31 - Math.clz32(checkedField(what, count, 1 << 15, 1));
  if (1 << exponent === count) return exponent;
  throw new RangeError(`Cannot encode ${what}: ${count} is not a power of two`);
}

/**
 * Encodes an answer to READ CAPACITY(16): 32 bytes, the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 */
export function encodeCapacity16(capacity: CapacityInput): Uint8Array {
  const { blocksPerPhysicalBlock = 1, lowestAlignedLba = 0, protectionType = 0 } = capacity;
  const { protectionIntervals = 1, provisioned = false, unmappedReadsZeros = false } = capacity;
  const bytes = new Uint8Array(LENGTH_16);
  writeLba(
    bytes,
    0,
    checkedField("a number of blocks", capacity.blocks, Number.MAX_SAFE_INTEGER, 1) - 1,
  );
  writeU32(
    bytes,
    BLOCK_BYTES_16,
    checkedField("a block length", capacity.blockBytes, 0xffffffff, 1),
  );
  const type = checkedField("a protection type", protectionType, 8);
  bytes[PROTECTION] = type === 0 ? 0 : PROT_EN | ((type - 1) << 1);
  bytes[EXPONENTS] = (exponentOf("a number of protection intervals", protectionIntervals) << 4) |
    exponentOf("a number of blocks per physical block", blocksPerPhysicalBlock);
  writeU16(bytes, PROVISIONING, checkedField("an aligned LBA", lowestAlignedLba, MAX_ALIGNED_LBA));
  bytes[PROVISIONING] |= (provisioned ? LBPME : 0) | (unmappedReadsZeros ? LBPRZ : 0);
  return bytes;
}
