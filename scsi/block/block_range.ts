/**
 * Which logical blocks a command is about (SBC-4 §5).
 *
 * @module
 */

/** Consecutive logical blocks. */
export interface BlockRange {
  /** Logical block address of the first, 0 to 2^53 - 1; to 2^32 - 1 in a CDB of 10 bytes. */
  readonly lba: number;
  /** How many, 0 to 2^32 - 1; to 65535 in a CDB of 10 bytes. What 0 means is up to the command. */
  readonly blocks: number;
}

/** Options of commands that exist with a CDB of 10 bytes and one of 16. */
export interface CdbLengthOptions {
  /**
   * Which of the two to send. Every disk has the short ones; the long ones, which devices older than SBC-3 may lack,
   * reach beyond 2^32 blocks. @default the short one where address and count fit
   */
  cdbLength?: 10 | 16;
}
