/**
 * What can go wrong with what a drive does beside moving records.
 *
 * @module
 */

import { TapeError, type TapeErrorFacts } from "./errors.ts";

/** The drive, or the tape in it, cannot do what was asked for. Nothing was done. */
export class UnsupportedError extends TapeError {
  /** The name of this class. */
  override name = "UnsupportedError";
  /** What it cannot do: `partitions`, `logical block protection`. */
  readonly feature: string;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(feature: string, message: string, facts: TapeErrorFacts = {}) {
    super("unsupported", message, facts);
    this.feature = feature;
  }
}

/** Somebody has locked the tape into the drive (53/02), this host or another. `unlock()` takes back what this one locked. */
export class RemovalPreventedError extends TapeError {
  /** The name of this class. */
  override name = "RemovalPreventedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("removal-prevented", message, facts);
  }
}

/**
 * With logical block protection on, a block did not come as it was written, or the drive may have switched protection off since and nothing is read or
 * written before it has been set anew.
 */
export class BlockProtectionError extends TapeError {
  /** The name of this class. */
  override name = "BlockProtectionError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("protection-mismatch", message, facts);
  }
}
