/**
 * What sense data means to a tape drive's user: flags first, then the additional sense code, then the sense key. Old drives report filemark,
 * end of medium and incorrect length by the flag alone, and any of them may come with RECOVERED ERROR instead of NO SENSE.
 *
 * @module
 */

import type { Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { Status } from "../scsi/status.ts";
import {
  DeferredError,
  HardwareError,
  MediumChangedError,
  MediumError,
  NotReadyError,
  PositionLostError,
  RecordLengthError,
  ReservationConflictError,
  ReservationPreemptedError,
  ResetError,
  SpaceStoppedError,
  TapeError,
  type TapeErrorFacts,
  type TapeErrorKind,
  TransportLostError,
  UnloadRequestedError,
  VolumeOverflowError,
  WormViolationError,
  WriteProtectedError,
  WriteStoppedError,
} from "./errors.ts";
import { BlockProtectionError, EncryptionError, RemovalPreventedError } from "./feature_errors.ts";

/**
 * The meaning of an answer: that of an error, or
 * - `good`: done;
 * - `informational`: done, and the device reports something beside it;
 * - `attention`: not executed, because the device first had to report something that concerns neither tape nor position;
 * - `early-warning`, `programmable-early-warning`: done, near the end of the tape. Backwards, some drives report the beginning so.
 */
export type Condition =
  | TapeErrorKind
  | "attention"
  | "early-warning"
  | "good"
  | "informational"
  | "programmable-early-warning";

/** One row: a sense key, an additional sense code with any or one qualifier, what it means. */
type Row = readonly [key: number, asc: number, ascq: number | "any", meaning: Condition];

const {
  NotReady,
  MediumError: Medium,
  HardwareError: Hardware,
  IllegalRequest,
  UnitAttention,
  DataProtect,
  BlankCheck,
  AbortedCommand,
} = SenseKey;

const ROWS: readonly Row[] = [
  [Medium, 0x00, 0x02, "end-of-partition"],
  [Hardware, 0x10, 0x01, "protection-mismatch"],
  [AbortedCommand, 0x10, 0x01, "protection-mismatch"],
  [Medium, 0x30, 0x0c, "worm-violation"],
  [Medium, 0x30, 0x0d, "worm-violation"],
  [IllegalRequest, 0x53, 0x02, "removal-prevented"],
  // As some drives report early warning: the command was executed.
  [UnitAttention, 0x00, 0x02, "early-warning"],
  [UnitAttention, 0x28, "any", "medium-changed"],
  [UnitAttention, 0x29, "any", "reset"],
  // Commands cleared by another initiator: what they had done by then is not known.
  [UnitAttention, 0x2f, "any", "reset"],
  [UnitAttention, 0x2a, 0x01, "mode-parameters-changed"],
  [UnitAttention, 0x2a, 0x00, "attention"],
  [UnitAttention, 0x2a, 0x02, "attention"],
  [UnitAttention, 0x2a, 0x03, "reservation-preempted"],
  [UnitAttention, 0x2a, 0x04, "reservation-preempted"],
  [UnitAttention, 0x2a, 0x05, "reservation-preempted"],
  [UnitAttention, 0x2a, 0x09, "attention"],
  [UnitAttention, 0x2a, 0x10, "attention"],
  [UnitAttention, 0x2a, 0x11, "encryption"],
  [UnitAttention, 0x2a, 0x12, "encryption"],
  [UnitAttention, 0x3f, "any", "attention"],
  [UnitAttention, 0x5a, 0x01, "unload-requested"],
  // Failure prediction with MRIE 2 (SPC-5 §7.5.15).
  [UnitAttention, 0x5d, "any", "attention"],
  [DataProtect, 0x27, "any", "write-protected"],
  [DataProtect, 0x5a, 0x02, "write-protected"],
  [DataProtect, 0x30, 0x0c, "worm-violation"],
  [DataProtect, 0x30, 0x0d, "worm-violation"],
  [DataProtect, 0x50, 0x01, "worm-violation"],
  [DataProtect, 0x26, 0x10, "encryption"],
  [DataProtect, 0x2a, 0x13, "encryption"],
  [DataProtect, 0x74, "any", "encryption"],
  // IBM's own: key required.
  [DataProtect, 0xef, 0x10, "encryption"],
  [BlankCheck, 0x00, 0x00, "end-of-data"],
  [BlankCheck, 0x00, 0x05, "end-of-data"],
  [NotReady, 0x74, "any", "encryption"],
];

const BY_KEY: Readonly<Record<number, Condition>> = {
  [SenseKey.NotReady]: "not-ready",
  [SenseKey.MediumError]: "medium-error",
  [SenseKey.HardwareError]: "hardware-error",
  [SenseKey.IllegalRequest]: "illegal-request",
  [SenseKey.UnitAttention]: "unit-attention",
  [SenseKey.DataProtect]: "data-protect",
  [SenseKey.BlankCheck]: "blank-check",
  [SenseKey.AbortedCommand]: "aborted-command",
  [SenseKey.VolumeOverflow]: "volume-overflow",
};

const ROW_OF: ReadonlyMap<number, Condition> = new Map(
  ROWS.map(([key, asc, ascq, meaning]) => [rowId(key, asc, ascq), meaning]),
);

function rowId(key: number, asc: number, ascq: number | "any"): number {
  return (key << 17) | (asc << 9) | (ascq === "any" ? 0x100 : ascq);
}

/** ASC 00h with NO SENSE or RECOVERED ERROR, by qualifier (SPC-5 annex on ASC assignments). */
const STREAM_CODES: Readonly<Record<number, Condition>> = {
  0x01: "filemark",
  0x02: "early-warning",
  0x03: "setmark",
  0x04: "beginning-of-partition",
  0x05: "end-of-data",
  0x07: "programmable-early-warning",
};

/** NO SENSE and RECOVERED ERROR: the command did what it could, and these say what it met. */
function streamCondition(sense: Sense): Condition {
  const code = sense.asc === 0 ? STREAM_CODES[sense.ascq] : undefined;
  if (sense.filemark) return code === "setmark" ? "setmark" : "filemark";
  // A record of the wrong length is that first, even near the end of the tape.
  if (sense.incorrectLength) return "incorrect-length";
  if (code !== undefined) return code;
  return sense.endOfMedium ? "early-warning" : "informational";
}

/** What sense data means. */
export function conditionOf(sense: Sense): Condition {
  if (sense.format === "none") return "other";
  if (sense.deferred) return "deferred";
  if (sense.key === SenseKey.NoSense || sense.key === SenseKey.RecoveredError) {
    return streamCondition(sense);
  }
  return ROW_OF.get(rowId(sense.key, sense.asc, sense.ascq)) ??
    ROW_OF.get(rowId(sense.key, sense.asc, "any")) ?? BY_KEY[sense.key] ?? "other";
}

const BY_STATUS: Readonly<Record<number, Condition>> = {
  [Status.Good]: "good",
  [Status.ConditionMet]: "good",
  [Status.Busy]: "busy",
  [Status.TaskSetFull]: "busy",
  [Status.AcaActive]: "busy",
  [Status.ReservationConflict]: "reservation-conflict",
  [Status.TaskAborted]: "aborted-command",
};

/** What a status means; `sense` is that of a CHECK CONDITION. */
export function conditionOfStatus(status: number, sense: Sense | undefined): Condition {
  if (status === Status.CheckCondition && sense !== undefined) return conditionOf(sense);
  return BY_STATUS[status] ?? "other";
}

/** Kinds after which the tape stands where it stood: the command was refused before it began. */
const UNMOVED: ReadonlySet<Condition> = new Set<Condition>([
  "busy",
  "closed",
  "illegal-request",
  "invalid-argument",
  "mode-parameters-changed",
  "removal-prevented",
  "reservation-conflict",
  "unit-attention",
  "unload-requested",
  "unsupported",
  "worm-violation",
  "write-protected",
  "write-stopped",
]);

/** Whether a failed command of this meaning has certainly not moved the tape. */
export function leavesTapeUnmoved(condition: Condition): boolean {
  return UNMOVED.has(condition);
}

const POSITION_BREAKERS: ReadonlySet<Condition> = new Set<Condition>([
  "medium-changed",
  // Whoever took the drive away may have used it.
  "reservation-preempted",
  "reset",
]);

/** Whether the tape may stand anywhere afterwards, or be another tape. */
export function breaksPosition(condition: Condition): boolean {
  return POSITION_BREAKERS.has(condition);
}

/** Whether the command was executed, and did all that was asked. */
export function isDone(condition: Condition): boolean {
  return condition === "good" || condition === "informational";
}

/**
 * Whether the caller has to hear of it, whichever command the drive has told it to: that the tape may stand anywhere, or be another, or that what was buffered
 * is not on it. The drive says it once.
 */
export function isNews(condition: Condition): boolean {
  return breaksPosition(condition) || condition === "deferred";
}

/** Whether who asked by the way must not keep it to himself: news, or another block size that another initiator has set, of which the next record must not be cut. */
export function isToldOnce(condition: Condition): boolean {
  return isNews(condition) || condition === "mode-parameters-changed";
}

/** Whether who asked by the way may go on without the answer: the drive gave none, and nothing is told only once. */
export function mayBePassedOver(error: unknown): error is TapeError {
  return error instanceof TapeError && error.kind !== "transport-lost" && !isToldOnce(error.kind);
}

const BUFFER_LOSERS: ReadonlySet<Condition> = new Set<Condition>([
  "deferred",
  "hardware-error",
  "medium-changed",
  "medium-error",
  "not-ready",
  "reset",
  "transport-lost",
  "position-lost",
]);

/** Whether what the drive had buffered of what it called good may be lost with a failure of this meaning. */
export function losesBuffer(condition: Condition): boolean {
  return BUFFER_LOSERS.has(condition);
}

type ErrorMaker = (message: string, facts: TapeErrorFacts) => TapeError;

const CLASSES: Partial<Record<TapeErrorKind, ErrorMaker>> = {
  "beginning-of-partition": (message, facts) =>
    new SpaceStoppedError("beginning-of-partition", message, facts),
  "transport-lost": (message, facts) => new TransportLostError(message, facts),
  "deferred": (message, facts) => new DeferredError(message, facts),
  "encryption": (message, facts) => new EncryptionError(message, facts),
  "end-of-data": (message, facts) => new SpaceStoppedError("end-of-data", message, facts),
  "filemark": (message, facts) => new SpaceStoppedError("filemark", message, facts),
  "hardware-error": (message, facts) => new HardwareError(message, facts),
  "incorrect-length": (message, facts) => new RecordLengthError("incorrect-length", message, facts),
  "length-disagreement": (message, facts) =>
    new RecordLengthError("length-disagreement", message, facts),
  "medium-changed": (message, facts) => new MediumChangedError(message, facts),
  "medium-error": (message, facts) => new MediumError(message, facts),
  "not-ready": (message, facts) => new NotReadyError(message, facts),
  "position-lost": (message, facts) => new PositionLostError(message, facts),
  "protection-mismatch": (message, facts) => new BlockProtectionError(message, facts),
  "reservation-conflict": (message, facts) => new ReservationConflictError(message, facts),
  "removal-prevented": (message, facts) => new RemovalPreventedError(message, facts),
  "reservation-preempted": (message, facts) => new ReservationPreemptedError(message, facts),
  "reset": (message, facts) => new ResetError(message, facts),
  "setmark": (message, facts) => new SpaceStoppedError("setmark", message, facts),
  "unload-requested": (message, facts) => new UnloadRequestedError(message, facts),
  "volume-overflow": (message, facts) => new VolumeOverflowError(message, facts),
  "worm-violation": (message, facts) => new WormViolationError(message, facts),
  "write-protected": (message, facts) => new WriteProtectedError(message, facts),
  "write-stopped": (message, facts) => new WriteStoppedError(message, facts),
};

/** Conditions that are not errors wherever they are expected, and are unexpected anywhere else. */
const NOT_ERRORS: ReadonlySet<Condition> = new Set<Condition>([
  "attention",
  "early-warning",
  "good",
  "informational",
  "programmable-early-warning",
]);

/** The error of the class that belongs to a condition. */
export function errorFor(condition: Condition, message: string, facts: TapeErrorFacts): TapeError {
  const kind = NOT_ERRORS.has(condition) ? "other" : condition as TapeErrorKind;
  return CLASSES[kind]?.(message, facts) ?? new TapeError(kind, message, facts);
}
