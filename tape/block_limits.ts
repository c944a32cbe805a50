/**
 * Which record lengths a drive takes (SSC-4, READ BLOCK LIMITS).
 *
 * @module
 */

import { readU16, readU24 } from "../scsi/big_endian.ts";
import { checkBytes } from "./caller_bytes.ts";
import { MAX_U24, readBlockLimitsCdb } from "./commands.ts";
import type { Condition } from "./conditions.ts";
import type { Device } from "./device.ts";
import { TapeError } from "./errors.ts";

/** Which record lengths a drive takes. */
export interface BlockLimits {
  /** Shortest record in bytes. */
  readonly minBytes: number;
  /** Longest record in bytes; what fits a READ(6) when the drive states no limit. */
  readonly maxBytes: number;
  /**
   * The drive certainly takes the lengths that are this many bytes apart, counted from the shortest; some take others too, so it is left to the drive to
   * refuse those.
   */
  readonly granularityBytes: number;
}

/** The limits of a drive that states none. */
export const NO_LIMITS: BlockLimits = { minBytes: 1, maxBytes: MAX_U24, granularityBytes: 1 };

const LENGTH = 6;
const MAX_GRANULARITY_EXPONENT = 23;

/** Decodes the answer to READ BLOCK LIMITS; `undefined` when it is too short or contradicts itself. */
export function decodeBlockLimits(bytes: Uint8Array): BlockLimits | undefined {
  if (bytes.length < LENGTH) return undefined;
  const exponent = bytes[0] & 0x1f;
  const maxBytes = readU24(bytes, 1) || MAX_U24;
  const minBytes = Math.max(readU16(bytes, 4), 1);
  if (exponent > MAX_GRANULARITY_EXPONENT || minBytes > maxBytes) return undefined;
  return { minBytes, maxBytes, granularityBytes: 2 ** exponent };
}

const REFUSED: ReadonlySet<Condition> = new Set<Condition>(["illegal-request"]);

/**
 * Asks the drive; one that refuses or answers nonsense gets {@link NO_LIMITS}.
 *
 * @throws {TapeError} when it fails otherwise.
 */
export async function readBlockLimits(device: Device, signal?: AbortSignal): Promise<BlockLimits> {
  const dataIn = new Uint8Array(LENGTH);
  const command = { cdb: readBlockLimitsCdb(), dataIn, signal };
  const { condition, dataInLength } = await device.perform(command, REFUSED);
  if (condition !== "good") return NO_LIMITS;
  return decodeBlockLimits(dataIn.subarray(0, dataInLength)) ?? NO_LIMITS;
}

/**
 * Checks what one write is to carry, a record or in fixed mode whole blocks, and returns the number of objects.
 *
 * @throws {TapeError} of kind `invalid-argument`.
 */
export function checkWrite(data: Uint8Array, blockBytes: number, limits: BlockLimits): number {
  checkBytes(data, "write");
  if (blockBytes > 0) return wholeBlocks(data.length, blockBytes);
  const { minBytes, maxBytes } = limits;
  if (data.length >= minBytes && data.length <= maxBytes) return 1;
  throw new TapeError(
    "invalid-argument",
    `Cannot write a record of ${data.length} bytes: the drive takes ${minBytes} to ${maxBytes}`,
  );
}

function wholeBlocks(bytes: number, blockBytes: number): number {
  const blocks = bytes / blockBytes;
  if (Number.isInteger(blocks) && blocks >= 1 && blocks <= MAX_U24) return blocks;
  throw new TapeError(
    "invalid-argument",
    `Cannot write ${bytes} bytes: they are not a whole number of ${blockBytes}-byte blocks from 1 to ${MAX_U24}`,
  );
}
