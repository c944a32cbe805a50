/**
 * What takes away the place on the tape: it may be another tape, or stand elsewhere.
 *
 * @module
 */

import { TapeError, type TapeErrorFacts } from "./tape_error.ts";

/**
 * Another tape may be in the drive: it says so (28/xx), or after a lost connection the cartridge has another serial number or label. The command was not
 * executed; writes wait until the caller has positioned.
 */
export class MediumChangedError extends TapeError {
  /** The name of this class. */
  override name = "MediumChangedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("medium-changed", message, facts);
  }
}

/**
 * The drive was reset (29/xx, 2F/xx): the tape may stand anywhere. The command was not executed; writes wait until the caller has positioned. The block size is
 * set again by the next operation.
 */
export class ResetError extends TapeError {
  /** The name of this class. */
  override name = "ResetError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("reset", message, facts);
  }
}

/**
 * Where the tape stands cannot be proven, so that a write could destroy what is there. `rewind()`, `load()`, an absolute `locate()` or
 * `space("end-of-data")` ends that.
 */
export class PositionLostError extends TapeError {
  /** The name of this class. */
  override name = "PositionLostError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("position-lost", message, facts);
  }
}

/** Why spacing ended before its count. */
export type SpaceStop = "beginning-of-partition" | "end-of-data" | "filemark" | "setmark";

/**
 * `space()` met something before its count was done. The tape stands after a filemark met forwards, before one met backwards, at the end of
 * data, or at the beginning.
 */
export class SpaceStoppedError extends TapeError {
  /** The name of this class. */
  override name = "SpaceStoppedError";
  /** What was met. */
  declare readonly kind: SpaceStop;
  /** How many of the count were left, 0 or more; `undefined` when the drive does not tell. */
  declare readonly information?: number;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(kind: SpaceStop, message: string, facts: TapeErrorFacts = {}) {
    super(kind, message, facts);
  }
}
