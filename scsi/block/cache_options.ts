/**
 * What a disk's cache is to do with the blocks of a command (SBC-4 §5).
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
