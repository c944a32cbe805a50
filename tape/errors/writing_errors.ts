/**
 * What keeps data from the tape, or leaves in doubt whether it is there.
 *
 * @module
 */

import { TapeError, type TapeErrorFacts } from "./tape_error.ts";

/** An earlier command that the drive had called good has failed since (71h, 73h): data it had buffered may not be on tape. */
export class DeferredError extends TapeError {
  /** The name of this class. */
  override name = "DeferredError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("deferred", message, facts);
  }
}

/** The tape is full (sense key D). Everything from the given rest on is not on tape. */
export class VolumeOverflowError extends TapeError {
  /** The name of this class. */
  override name = "VolumeOverflowError";
  /**
   * What was not written: bytes of the record in variable mode, blocks in fixed mode, filemarks; may exceed the request when earlier buffered
   * data could not be written either. `undefined` when the drive does not tell.
   */
  readonly unwritten?: number;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("volume-overflow", message, facts);
    this.unwritten = facts.sense?.information;
  }
}

/** The tape is write-protected (7/27/xx, 7/5A/02). Nothing was written. */
export class WriteProtectedError extends TapeError {
  /** The name of this class. */
  override name = "WriteProtectedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("write-protected", message, facts);
  }
}

/** A write-once tape refuses to be overwritten, or was tampered with (30/0C, 30/0D, 50/01). */
export class WormViolationError extends TapeError {
  /** The name of this class. */
  override name = "WormViolationError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("worm-violation", message, facts);
  }
}

/**
 * An earlier write failed, and this one was called before that was known. Written all the same, it would leave a gap in the order of the records, so nothing
 * was sent; `cause` is the earlier failure.
 */
export class WriteStoppedError extends TapeError {
  /** The name of this class. */
  override name = "WriteStoppedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("write-stopped", message, facts);
  }
}
