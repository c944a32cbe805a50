/**
 * What passed through a drive, counted for its log pages.
 *
 * @module
 */

/** Counts by name. */
export type CountName = keyof TransferCounts;

/** True counts of all that the drive has done. */
export class TransferCounts {
  hostBytesWritten = 0;
  hostBytesRead = 0;
  /** Bytes on the tape, after compression. */
  mediumBytesWritten = 0;
  mediumBytesRead = 0;
  recordsWritten = 0;
  recordsRead = 0;
  filemarksWritten = 0;
  /** Errors that the drive could not mend. */
  unrecoveredWrites = 0;
  unrecoveredReads = 0;
  /** Errors that it did. */
  recoveredReads = 0;
  loads = 0;
  /** Motions that moved the tape: rewinds, spaces, locates. */
  motions = 0;
  cleanings = 0;
  /** How much tape ran past the heads, and for how long by the model of drive. */
  metres = 0;
  motionMs = 0;
  /** Passes of the heads over the beginning of the tape, and over its middle. */
  beginningPasses = 0;
  middlePasses = 0;
}
