/**
 * What a write tells when it has not failed.
 *
 * @module
 */

/** What a write met. Everything was written, or with write-behind taken to be written. */
export interface WriteResult {
  /**
   * Number of the write since the drive was opened, counted from 0; for filemarks and `flush()` the number that the next write will have. Errors name by it what
   * was not written.
   */
  readonly number: number;
  /**
   * Whether the end of the tape is near: there is room for a last record, a filemark and little more. With write-behind it may be a write before this one that
   * met it; from then on each waits for its own answer.
   */
  readonly earlyWarning: boolean;
  /** Whether the tape has come into the programmable early warning zone before that (reported once). */
  readonly programmableEarlyWarning: boolean;
}
