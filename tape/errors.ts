/**
 * What can go wrong with a tape, one class for each thing that a caller would catch.
 *
 * @module
 */

import type { Sense } from "../scsi/sense.ts";
import type { TapePosition } from "./position.ts";
import type { WriteOutcome } from "./write_ledger.ts";

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

/** Why a drive is not ready. */
export type NotReadyReason =
  | "becoming-ready"
  | "cleaning"
  | "formatting"
  | "manual-intervention"
  | "needs-load"
  | "no-medium"
  | "offline"
  | "operation-in-progress"
  | "other";

const NOT_READY_REASONS: Readonly<Record<number, NotReadyReason>> = {
  0x0400: "becoming-ready",
  0x0401: "becoming-ready",
  0x0402: "needs-load",
  0x0403: "manual-intervention",
  0x0404: "formatting",
  0x0407: "operation-in-progress",
  0x0412: "offline",
  0x3003: "cleaning",
  0x3e00: "becoming-ready",
};

const MEDIUM_NOT_PRESENT = 0x3a;

function notReadyReason(sense: Sense | undefined): NotReadyReason {
  if (sense?.asc === MEDIUM_NOT_PRESENT) return "no-medium";
  return NOT_READY_REASONS[((sense?.asc ?? 0) << 8) | (sense?.ascq ?? 0)] ?? "other";
}

/** The drive cannot work with a tape now: none is loaded, or it is busy with the one it has (sense key 2). */
export class NotReadyError extends TapeError {
  /** The name of this class. */
  override name = "NotReadyError";
  /** Why. */
  readonly reason: NotReadyReason;
  /** How far the operation has come that keeps the drive busy, 0 to 1, when the drive says. */
  readonly progress?: number;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("not-ready", message, facts);
    this.reason = notReadyReason(facts.sense);
    const specific = facts.sense?.senseKeySpecific;
    if (specific?.kind === "progress") this.progress = specific.progress;
  }
}

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

/** The drive was reset (29/xx, 2F/xx): the tape may stand anywhere. The command was not executed; writes wait until the caller has positioned. */
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

/** An earlier command that the drive had called good has failed since (71h, 73h): data it had buffered may not be on tape. */
export class DeferredError extends TapeError {
  /** The name of this class. */
  override name = "DeferredError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("deferred", message, facts);
  }
}

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

/** The drive failed (sense key 4). */
export class HardwareError extends TapeError {
  /** The name of this class. */
  override name = "HardwareError";
  /** Whether the drive has given the same error for the command before, too. It then does so until the tape is unloaded. */
  readonly isPersistent: boolean;

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("hardware-error", message, facts);
    this.isPersistent = facts.isPersistent ?? false;
  }
}

/** Another host has reserved the drive (status 18h). The command was not executed. */
export class ReservationConflictError extends TapeError {
  /** The name of this class. */
  override name = "ReservationConflictError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("reservation-conflict", message, facts);
  }
}

/**
 * The reservation or registration of this host was taken from it (2A/03 to 2A/05). The command was not executed; another host may have moved or changed the
 * tape, so writes wait until the caller has positioned. The next operation reserves the drive again, or fails with {@link ReservationConflictError}.
 */
export class ReservationPreemptedError extends TapeError {
  /** The name of this class. */
  override name = "ReservationPreemptedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("reservation-preempted", message, facts);
  }
}

/** Somebody at the drive or its library asks for the tape (5A/01). The command was not executed, and can be repeated; then finish and unload. */
export class UnloadRequestedError extends TapeError {
  /** The name of this class. */
  override name = "UnloadRequestedError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("unload-requested", message, facts);
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

/** No answer came for a command; `cause` is the transport's error, and its `outcome` says whether the drive may have executed it. */
export class TransportLostError extends TapeError {
  /** The name of this class. */
  override name = "TransportLostError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("transport-lost", message, facts);
  }
}
