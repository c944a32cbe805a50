/**
 * What can go wrong with a media changer, one class for each thing that a caller would catch, and what to do about it.
 *
 * @module
 */

import type { Sense } from "../scsi/sense.ts";

/** What a {@link ChangerError} means. */
export type ChangerErrorKind =
  | "busy"
  | "closed"
  | "drive-holds-medium"
  | "element-empty"
  | "element-full"
  | "fault"
  | "illegal-request"
  | "invalid-argument"
  | "invalid-element"
  | "inventory-changed"
  | "magazine-not-accessible"
  | "medium-error"
  | "not-a-changer"
  | "not-ready"
  | "other"
  | "outcome-unknown"
  | "removal-prevented"
  | "reservation-conflict"
  | "unexpected-response"
  | "unit-attention"
  | "unsupported";

/** What is known about a failure. */
export interface ChangerErrorFacts {
  /** Name of the command that failed: `MOVE MEDIUM`. */
  readonly command?: string;
  /** The sense data that came with it. */
  readonly sense?: Sense;
  /** What the caller can do about it, as a sentence without its period. */
  readonly advice?: string;
  /** The error underneath. */
  readonly cause?: unknown;
}

const NO_SENSE = new Uint8Array(0);

/** Base class of all errors of a media changer; `kind` says what it is, `advice` what to do. */
export class ChangerError extends Error {
  /** The name of this class. */
  override name = "ChangerError";
  /** What happened. */
  readonly kind: ChangerErrorKind;
  /** What the caller can do about it; empty where there is nothing to say. */
  readonly advice: string;
  /** Name of the command that failed. */
  readonly command?: string;
  /** Sense key, 0 to 15; `undefined` when the changer sent no sense data. */
  readonly senseKey?: number;
  /** Additional sense code. */
  readonly asc?: number;
  /** Additional sense code qualifier. */
  readonly ascq?: number;
  /** The sense data as it came; empty when there was none. */
  readonly rawSense: Uint8Array;

  /** The message ends with the advice. */
  constructor(kind: ChangerErrorKind, message: string, facts: ChangerErrorFacts = {}) {
    const { advice = "", command, cause } = facts;
    super(advice === "" ? message : `${message}; ${advice}`, { cause });
    const sense = facts.sense?.format === "none" ? undefined : facts.sense;
    this.kind = kind;
    this.advice = advice;
    this.command = command;
    this.senseKey = sense?.key;
    this.asc = sense?.asc;
    this.ascq = sense?.ascq;
    this.rawSense = facts.sense?.raw ?? NO_SENSE;
  }
}

/** There is no element with that number or address, or the arm cannot bring a cartridge from the one to the other (21/01). */
export class InvalidElementError extends ChangerError {
  /** The name of this class. */
  override name = "InvalidElementError";
}

/** The place where the cartridge should go is taken (3B/0D). Nothing was moved. */
export class ElementFullError extends ChangerError {
  /** The name of this class. */
  override name = "ElementFullError";
}

/** There is no cartridge where it should be taken from (3B/0E). Nothing was moved. */
export class ElementEmptyError extends ChangerError {
  /** The name of this class. */
  override name = "ElementEmptyError";
}

/** The drive, or the library, is told to keep its cartridges (53/02). Nothing was moved. */
export class ChangerRemovalPreventedError extends ChangerError {
  /** The name of this class. */
  override name = "ChangerRemovalPreventedError";
}

/** The drive still holds the cartridge: it has to unload it before the arm can take it (3A/00, 04/8E and others). */
export class DriveHoldsMediumError extends ChangerError {
  /** The name of this class. */
  override name = "DriveHoldsMediumError";
}

/** Somebody has put cartridges in or taken some out, so that what is where has to be read again (28/00, 28/01, 3B/12 and others). */
export class InventoryChangedError extends ChangerError {
  /** The name of this class. */
  override name = "InventoryChangedError";
}

/** The library cannot move anything now: it looks at its slots, its door is open, it is off line (sense key 2). */
export class ChangerNotReadyError extends ChangerError {
  /** The name of this class. */
  override name = "ChangerNotReadyError";
}

/** The arm or another part failed (sense key 4): where the cartridge is has to be looked up. */
export class ChangerFaultError extends ChangerError {
  /** The name of this class. */
  override name = "ChangerFaultError";
}

/** No answer came to a move, or that it was aborted: it may have happened or not, and the inventory tells which. */
export class MoveOutcomeUnknownError extends ChangerError {
  /** The name of this class. */
  override name = "MoveOutcomeUnknownError";
}
