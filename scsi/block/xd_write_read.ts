/**
 * XDWRITEREAD(10) (SBC-3 §5; SBC-4 has made it obsolete): the bidirectional command of disks.
 *
 * @module
 */

import type { BlockRange } from "./block_range.ts";
import type { CacheOptions } from "./cache_options.ts";
import { cacheFlags, rangeCdb10 } from "./range_cdb.ts";

/** Options of {@link xdWriteRead10Cdb}. */
export interface XdWriteReadOptions extends CacheOptions {
  /** Leaves the medium as it is; what comes back is the same (DISABLE WRITE). @default false */
  disableWrite?: boolean;
}

const DISABLE_WRITE = 0x04;

/**
 * XDWRITEREAD(10): writes blocks, and brings back their exclusive or with what was there. Goes with `dataOut` and
 * `dataIn`, both as long as the blocks.
 *
 * @throws {RangeError} when address or count does not fit.
 */
export function xdWriteRead10Cdb(range: BlockRange, options: XdWriteReadOptions = {}): Uint8Array {
  const { disableWrite = false } = options;
  return rangeCdb10(0x53, cacheFlags(options) | (disableWrite ? DISABLE_WRITE : 0), range);
}
