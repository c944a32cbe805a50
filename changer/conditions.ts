/**
 * From a changer's sense data to what it means, and what to do about it (SMC-3 §6, SPC-5 annex F).
 *
 * @module
 */

import { describeSense, type Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { Status, statusName } from "../scsi/status.ts";
import {
  ChangerError,
  type ChangerErrorFacts,
  type ChangerErrorKind,
  ChangerFaultError,
  ChangerNotReadyError,
  ChangerRemovalPreventedError,
  DriveHoldsMediumError,
  ElementEmptyError,
  ElementFullError,
  InvalidElementError,
  InventoryChangedError,
  MoveOutcomeUnknownError,
} from "./errors.ts";

/** One row: the code, with -1 for every qualifier. */
type Row = readonly [asc: number, ascq: number, kind: ChangerErrorKind, advice: string];

/** What to do when cartridges were put in or taken out. */
export const READ_AGAIN = "read the inventory again before moving anything";
const UNLOAD_FIRST = "have the drive unload its cartridge first (the option `unloadDrive` does so)";

/** Codes that mean the same whichever sense key they come with: some changers use 4 where others use 5. */
const CODES: readonly Row[] = [
  [0x21, 0x01, "invalid-element", "see the inventory for the elements that there are"],
  [0x3b, 0x0d, "element-full", "choose an empty slot or drive"],
  [0x3b, 0x0e, "element-empty", "see the inventory for where the cartridge is"],
  [0x3b, 0x11, "magazine-not-accessible", "put the magazine in its place"],
  [0x3b, 0x12, "inventory-changed", READ_AGAIN],
  [0x3b, 0x13, "inventory-changed", READ_AGAIN],
  [0x3b, 0x14, "magazine-not-accessible", "unlock the magazine"],
  [
    0x53,
    -1,
    "removal-prevented",
    "allow the removal where it was prevented: at the drive, by the initiator that uses it, or with `unlock()`",
  ],
  [0x28, -1, "inventory-changed", READ_AGAIN],
];

/** What else depends on the sense key. */
const BY_KEY: Readonly<Record<number, readonly Row[]>> = {
  [SenseKey.NotReady]: [
    [0x04, 0x00, "not-ready", "wait, or look at the library's panel"],
    [0x04, 0x01, "not-ready", "wait: the library is looking at its slots"],
    [0x04, 0x03, "not-ready", "look at the library's panel: it needs a person"],
    [0x04, 0x12, "not-ready", "put the library on line"],
    [0x04, 0x18, "not-ready", "close the library's door"],
    [0x04, 0x8e, "drive-holds-medium", UNLOAD_FIRST],
    [0x3a, -1, "drive-holds-medium", UNLOAD_FIRST],
    [-1, -1, "not-ready", "wait, or look at the library's panel"],
  ],
  [SenseKey.MediumError]: [
    [-1, -1, "medium-error", "look at the cartridge and its label"],
  ],
  [SenseKey.HardwareError]: [
    [0x15, -1, "fault", "the arm missed its position: run `initialize()`, then read the inventory"],
    [
      -1,
      -1,
      "fault",
      "look at the library's panel, then read the inventory: a cartridge may be on the arm",
    ],
  ],
  [SenseKey.IllegalRequest]: [
    [0x20, -1, "unsupported", ""],
    [0x3a, -1, "drive-holds-medium", UNLOAD_FIRST],
    [-1, -1, "illegal-request", ""],
  ],
  [SenseKey.UnitAttention]: [[-1, -1, "unit-attention", ""]],
};

type ErrorClass = new (
  kind: ChangerErrorKind,
  message: string,
  facts?: ChangerErrorFacts,
) => ChangerError;

const CLASSES: Readonly<Partial<Record<ChangerErrorKind, ErrorClass>>> = {
  "drive-holds-medium": DriveHoldsMediumError,
  "element-empty": ElementEmptyError,
  "element-full": ElementFullError,
  "fault": ChangerFaultError,
  "invalid-element": InvalidElementError,
  "inventory-changed": InventoryChangedError,
  "not-ready": ChangerNotReadyError,
  "outcome-unknown": MoveOutcomeUnknownError,
  "removal-prevented": ChangerRemovalPreventedError,
};

const STATUS_KINDS: Readonly<Record<number, ChangerErrorKind>> = {
  [Status.Busy]: "busy",
  [Status.TaskSetFull]: "busy",
  [Status.ReservationConflict]: "reservation-conflict",
};

/** The error of the class that belongs to `kind`. */
export function changerError(
  kind: ChangerErrorKind,
  message: string,
  facts: ChangerErrorFacts = {},
): ChangerError {
  return new (CLASSES[kind] ?? ChangerError)(kind, message, facts);
}

/** What an answer other than GOOD means. */
export function meaningOf(sense: Sense | undefined): { kind: ChangerErrorKind; advice: string } {
  if (sense === undefined || sense.format === "none") return { kind: "other", advice: "" };
  const matches = ([asc, ascq]: Row) =>
    (asc === -1 || asc === sense.asc) && (ascq === -1 || ascq === sense.ascq);
  const row = CODES.find(matches) ?? BY_KEY[sense.key]?.find(matches);
  return row === undefined ? { kind: "other", advice: "" } : { kind: row[2], advice: row[3] };
}

/** The error that an answer amounts to. */
export function failureOf(
  what: { readonly command: string; readonly unitName: string; readonly cause?: unknown },
  status: number,
  sense: Sense | undefined,
): ChangerError {
  const { command, unitName, cause } = what;
  const { kind, advice } = status === Status.CheckCondition
    ? meaningOf(sense)
    : { kind: STATUS_KINDS[status] ?? "other", advice: "" };
  const said = sense === undefined ? statusName(status) : describeSense(sense);
  return changerError(kind, `${command} on ${unitName}: ${said}`, {
    command,
    sense,
    advice,
    cause,
  });
}
