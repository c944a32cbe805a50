/**
 * The base of all errors of a tape drive, and what they know.
 *
 * @module
 */

import type { Sense } from "../../scsi/sense.ts";
import type { TapePosition } from "../position.ts";
import type { WriteOutcome } from "../write_ledger.ts";

/** What a {@link TapeError} means. */
export type TapeErrorKind =
  | "aborted-command"
  | "beginning-of-partition"
  | "blank-check"
  | "busy"
  | "closed"
  | "transport-lost"
  | "data-protect"
  | "deferred"
  | "encryption"
  | "end-of-data"
  | "end-of-partition"
  | "filemark"
  | "hardware-error"
  | "illegal-request"
  | "incorrect-length"
  | "invalid-argument"
  | "length-disagreement"
  | "medium-changed"
  | "medium-error"
  | "mode-parameters-changed"
  | "not-a-tape"
  | "not-ready"
  | "other"
  | "position-lost"
  | "protection-mismatch"
  | "record-too-large"
  | "removal-prevented"
  | "reservation-conflict"
  | "reservation-preempted"
  | "reset"
  | "setmark"
  | "unexpected-response"
  | "unit-attention"
  | "unload-requested"
  | "unsupported"
  | "volume-overflow"
  | "worm-violation"
  | "write-protected"
  | "write-stopped";

/** What is known about a failure. */
export interface TapeErrorFacts {
  /** Name of the command that failed: `READ(6)`. */
  readonly command?: string;
  /** The sense data that came with it. */
  readonly sense?: Sense;
  /** What stands in `information` when it is not that of the sense data. */
  readonly information?: number;
  /** Where the caller stands, when known. */
  readonly position?: TapePosition;
  /** The error underneath. */
  readonly cause?: unknown;
  /** What became of what was written. */
  readonly writes?: WriteOutcome;
  /** Whether the drive keeps giving the same error. */
  readonly isPersistent?: boolean;
}

const NO_SENSE = new Uint8Array(0);

/** Base class of all errors of a tape drive; `kind` says what it is. */
export class TapeError extends Error {
  /** The name of this class. */
  override name = "TapeError";
  /** What happened. */
  readonly kind: TapeErrorKind;
  /** Whether the drive met a filemark. */
  readonly filemark: boolean;
  /** Whether the drive is near or at an end of the medium. */
  readonly endOfMedium: boolean;
  /** Whether a record had another length than the one asked for. */
  readonly incorrectLength: boolean;
  /** Whether the drive met blank tape (sense key 8). */
  readonly blankCheck: boolean;
  /** Sense key, 0 to 15; `undefined` when the drive sent no sense data. */
  readonly senseKey?: number;
  /** Additional sense code. */
  readonly asc?: number;
  /** Additional sense code qualifier. */
  readonly ascq?: number;
  /** The sense data's INFORMATION, signed: what was left to do, or by how much a length was missed. */
  readonly information?: number;
  /** Whether the failure is that of an earlier command; the present one was then not executed. */
  readonly deferred: boolean;
  /** Where the caller stood, when that is known. */
  readonly position?: TapePosition;
  /** The sense data as it came; empty when there was none. */
  readonly rawSense: Uint8Array;
  /** Name of the command that failed. */
  readonly command?: string;
  /** What became of everything written, when a write failed or what was written may be lost. */
  readonly writes?: WriteOutcome;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(kind: TapeErrorKind, message: string, facts: TapeErrorFacts = {}) {
    super(message, { cause: facts.cause });
    const sense = facts.sense?.format === "none" ? undefined : facts.sense;
    this.kind = kind;
    this.filemark = sense?.filemark ?? false;
    this.endOfMedium = sense?.endOfMedium ?? false;
    this.incorrectLength = sense?.incorrectLength ?? false;
    this.blankCheck = sense?.key === 0x8;
    this.senseKey = sense?.key;
    this.asc = sense?.asc;
    this.ascq = sense?.ascq;
    this.information = facts.information ?? sense?.information;
    this.deferred = sense?.deferred ?? false;
    this.position = facts.position;
    this.rawSense = facts.sense?.raw ?? NO_SENSE;
    this.command = facts.command;
    this.writes = facts.writes;
  }
}
