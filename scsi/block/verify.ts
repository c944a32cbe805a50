/**
 * VERIFY: whether blocks can be read, and whether they hold what the caller says (SBC-4 §5: VERIFY(10), VERIFY(16)).
 * Without protection information: VRPROTECT is 0.
 *
 * @module
 */

import { checkedField } from "../cdb_field.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { BlockRange, CdbLengthOptions } from "./block_range.ts";
import type { CacheOptions } from "./cache_options.ts";
import { transferComparing } from "./comparing_command.ts";
import { executeOnDisk } from "./disk_command.ts";
import { blocksIn, cacheFlags, cdbLengthFor, rangeCdb10, rangeCdb16 } from "./range_cdb.ts";

/** Options of {@link verify10Cdb} and {@link verify16Cdb}. */
export interface VerifyCdbOptions extends Pick<CacheOptions, "dpo"> {
  /** Compares the blocks with as many in the Data-Out buffer, byte by byte (BYTCHK 01b). @default false: no data goes */
  compare?: boolean;
}

const BYTCHK_EACH = 0x02;

function verifyFlags({ compare = false, dpo }: VerifyCdbOptions): number {
  return cacheFlags({ dpo }) | (compare ? BYTCHK_EACH : 0);
}

/**
 * VERIFY(10) (SBC-4 §5). No blocks is no error: nothing is verified.
 *
 * @throws {RangeError} when address or count does not fit.
 */
export function verify10Cdb(range: BlockRange, options: VerifyCdbOptions = {}): Uint8Array {
  return rangeCdb10(0x2f, verifyFlags(options), range);
}

/** VERIFY(16) (SBC-4 §5). Otherwise as {@link verify10Cdb}. */
export function verify16Cdb(range: BlockRange, options: VerifyCdbOptions = {}): Uint8Array {
  return rangeCdb16(0x8f, verifyFlags(options), range);
}

/** Options of {@link verifyBlocks} and {@link compareBlocks}. */
export interface VerifyOptions
  extends Pick<CacheOptions, "dpo">, CdbLengthOptions, CommandOptions {}

function verifyCdb(range: BlockRange, options: VerifyOptions, compare: boolean): Uint8Array {
  const { dpo } = options;
  const build = cdbLengthFor(range, options) === 10 ? verify10Cdb : verify16Cdb;
  return build(range, { dpo, compare });
}

/**
 * Has the device read blocks from the medium, without sending them (BYTCHK 00b).
 *
 * @throws {RangeError} when there are no blocks, or address or count does not fit.
 * @throws {CheckConditionError} when the device answered CHECK CONDITION: MEDIUM ERROR for a block it cannot read.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function verifyBlocks(
  unit: LogicalUnit,
  range: BlockRange,
  options: VerifyOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  checkedField("a number of blocks", range.blocks, 0xffffffff, 1);
  await executeOnDisk(unit, { cdb: verifyCdb(range, options, false), signal, timeoutMs });
}

/** Blocks to compare, and what with. */
export interface BlockComparison {
  /** Logical block address of the first, 0 to 2^53 - 1. */
  readonly lba: number;
  /** Bytes of one logical block. */
  readonly blockBytes: number;
  /** Whole blocks, at least one. Not copied: it must not change until the promise has settled. */
  readonly data: Uint8Array;
}

/**
 * Has the device compare blocks with the caller's, byte by byte (BYTCHK 01b). Whether it really does is its word:
 * Linux's target (LIO of kernel 6.1) takes the data and says GOOD to anything. Who must know reads the blocks.
 *
 * @throws {RangeError} when the data is not whole blocks, or the address does not fit.
 * @throws {MiscompareError} when they differ; `offset` is absent.
 * @throws {UnexpectedResponseError} when the device took fewer or wanted more bytes: its blocks have another length, or
 * it ignored BYTCHK and compared nothing.
 * @throws {CheckConditionError} when it answered CHECK CONDITION for another reason; many lack BYTCHK.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function compareBlocks(
  unit: LogicalUnit,
  { lba, blockBytes, data }: BlockComparison,
  options: VerifyOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const cdb = verifyCdb({ lba, blocks: blocksIn(data, blockBytes) }, options, true);
  await transferComparing(unit, { cdb, dataOut: data, signal, timeoutMs });
}
