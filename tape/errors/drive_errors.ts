/**
 * What keeps a drive from working: it is not ready, belongs to another host, fails, or cannot be reached.
 *
 * @module
 */

import type { Sense } from "../../scsi/sense.ts";
import { TapeError, type TapeErrorFacts } from "./tape_error.ts";

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

/** No answer came for a command; `cause` is the transport's error, and its `outcome` says whether the drive may have executed it. */
export class TransportLostError extends TapeError {
  /** The name of this class. */
  override name = "TransportLostError";

  /** Made by the driver: what failed, and what is known about it. */
  constructor(message: string, facts: TapeErrorFacts = {}) {
    super("transport-lost", message, facts);
  }
}
