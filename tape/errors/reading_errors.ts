/**
 * What is on the tape, and cannot be read as it was asked for.
 *
 * @module
 */

import { TapeError, type TapeErrorFacts } from "./tape_error.ts";

/** A record is longer than the room for it. The tape stands before the record, so a read with more room gets it. */
export class RecordTooLargeError extends TapeError {
  /** The name of this class. */
  override name = "RecordTooLargeError";
  /** True length of the record in bytes; `undefined` when the drive does not tell it. */
  readonly recordBytes?: number;
  /** The room there was, in bytes. */
  readonly roomBytes: number;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(
    message: string,
    facts: TapeErrorFacts & { readonly recordBytes?: number; readonly roomBytes: number },
  ) {
    super("record-too-large", message, facts);
    this.recordBytes = facts.recordBytes;
    this.roomBytes = facts.roomBytes;
  }
}

/**
 * A record's length is wrong. `incorrect-length`: in fixed block mode, a record that is not one block long; the tape stands after it.
 * `length-disagreement`: what the drive and the transport say about the length contradicts itself; the data is not given out.
 */
export class RecordLengthError extends TapeError {
  /** The name of this class. */
  override name = "RecordLengthError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(
    kind: "incorrect-length" | "length-disagreement",
    message: string,
    facts: TapeErrorFacts = {},
  ) {
    super(kind, message, facts);
  }
}

/** The tape could not be read or written (sense key 3). Where it stands afterwards is not certain. */
export class MediumError extends TapeError {
  /** The name of this class. */
  override name = "MediumError";
  /** Whether the drive has given the same error for the command before, too. It then does so until the tape is unloaded. */
  readonly isPersistent: boolean;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("medium-error", message, facts);
    this.isPersistent = facts.isPersistent ?? false;
  }
}
