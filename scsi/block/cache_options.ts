/**
 * The cache bits FUA and DPO, at the same place in every CDB that has them (SBC-4 §5).
 *
 * @module
 */

/** What the device's cache is to do with the blocks of a command. */
export interface CacheOptions {
  /** Past the volatile cache to or from the medium, before the command ends (FUA). @default false */
  fua?: boolean;
  /** The blocks are unlikely to be asked for soon and need not stay in the cache (DPO). @default false */
  dpo?: boolean;
}

const FUA = 0x08;
const DPO = 0x10;

/** FUA and DPO at their bits. */
export function cacheFlags({ fua = false, dpo = false }: CacheOptions): number {
  return (fua ? FUA : 0) | (dpo ? DPO : 0);
}
