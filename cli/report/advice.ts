import {
  AuthenticationError,
  type AuthenticationFailure,
  ConnectError,
} from "../../iscsi/errors.ts";
import { changerAdvice } from "./changer_advice.ts";
import { ChangerError } from "../../changer/errors.ts";
import { InterruptedError } from "../host/interruption.ts";
import { CommandTimeoutError, InvalidOptionError, LoginError } from "../../iscsi/errors.ts";
import {
  NotReadyError,
  type NotReadyReason,
  TapeError,
  type TapeErrorKind,
} from "../../tape/errors.ts";

const POSITION_FIRST = "Position the tape first: tape rewind, tape eod, or tape seek N";
const CHECK_SECRETS = "Check --chap-user and the secret in --chap-secret-file or TAPE_CHAP_SECRET";
const CHECK_TARGET_SECRETS =
  "Check --target-user and the secret in --target-secret-file or TAPE_CHAP_TARGET_SECRET";

/** What a person can do about a condition of the drive. */
const TAPE_ADVICE: Readonly<Partial<Record<TapeErrorKind, string>>> = {
  "busy": "Another command keeps the drive busy: try again later",
  "transport-lost": "Look where the tape stands before you go on: tape tell",
  "deferred": "What was written since the last filemark may not be on the tape: verify it",
  "encryption": "Give the drive the encryption key that is needed here: tape encryption on",
  "hardware-error":
    "The drive reports a fault of its own: unload the cartridge, power-cycle the drive",
  "incorrect-length":
    "The tape has records of another size: tape setblk 0 reads records of any size",
  "medium-changed": `Another cartridge may be in the drive. ${POSITION_FIRST}`,
  "medium-error": "The tape could not be read or written here: clean the drive and try again",
  "not-a-tape": "Choose another LUN: tape ls PORTAL lists them with their types",
  "position-lost": POSITION_FIRST,
  "removal-prevented": "A host has locked the cartridge in the drive",
  "reservation-conflict": "Another host has reserved the drive",
  "reset": `The drive was reset and may have moved the tape. ${POSITION_FIRST}`,
  "volume-overflow": "The tape is full: continue on another cartridge",
  "worm-violation": "The cartridge can be written once only: append with tape eod",
  "write-protected": "The cartridge is write-protected: move its switch, or use another one",
};

/** What a person can do about a drive that is not ready. */
const NOT_READY_ADVICE: Readonly<Record<NotReadyReason, string>> = {
  "becoming-ready": "The drive is loading or calibrating the cartridge: wait, and try again",
  "cleaning": "A cleaning cartridge is at work: wait until it comes out",
  "formatting": "The cartridge is being formatted: wait, and try again",
  "manual-intervention": "Somebody has to look after the drive",
  "needs-load": "A cartridge is there but not loaded: tape load",
  "no-medium": "No cartridge is in the drive: insert one",
  "offline": "The drive is switched offline at its panel",
  "operation-in-progress": "The drive is still busy with another operation: wait, and try again",
  "other": "tape status says more about the drive",
};

/** What a person can do about a failed authentication. */
const AUTHENTICATION_ADVICE: Readonly<Record<AuthenticationFailure, string>> = {
  "wrong-secret-or-name": CHECK_SECRETS,
  "no-credentials": "The target wants a name and a secret: give --chap-user and --chap-secret-file",
  "method-refused": "The target does not use CHAP: leave out --chap-user",
  "algorithm-refused": "The target supports none of the hash algorithms offered",
  "algorithm-unavailable": "This runtime has none of the hash algorithms that the target wants",
  "downgrade": "The target went on without CHAP: make sure that it is the right one",
  "not-offered": "The target breaks the protocol: make sure that it is the right one",
  "target-silent": "The target did not prove who it is: set its own name and secret up there",
  "target-failed": CHECK_TARGET_SECRETS,
  "reflection": "The target sent our own answer back: it is not what it says it is",
  "secret-too-short": "A CHAP secret needs at least 12 characters",
  "same-secret": "The target's secret and ours must differ",
};

const DEVICE_ADVICE =
  "A device is iscsi://HOST[:PORT]/TARGET/LUN, as tape ls has it, or sim:FILE for a tape image";

/** What to do when a login was refused, by status class and detail (RFC 7143 §11.13.5). */
const LOGIN_ADVICE: Readonly<Record<number, string>> = {
  0x0202: "The target does not let this initiator in: check --initiator-name",
  0x0203: "The target's name may be wrong: tape ls PORTAL lists the names",
  0x0300: "The target had an error of its own: try again later",
  0x0301: "The target is not available at the moment: try again later",
  0x0302: "The target has no room for another session: try again later",
};

/** What a person can do about `error`, if anything is known to help. */
export function adviceFor(error: unknown): string | undefined {
  if (error instanceof NotReadyError) return NOT_READY_ADVICE[error.reason];
  if (error instanceof TapeError) return TAPE_ADVICE[error.kind];
  if (error instanceof ChangerError) return changerAdvice(error);
  if (error instanceof AuthenticationError) return AUTHENTICATION_ADVICE[error.reason];
  if (error instanceof LoginError) return loginAdvice(error);
  if (error instanceof ConnectError) {
    return "Check the address, and that an iSCSI target listens there (port 3260 if none is given)";
  }
  if (error instanceof InvalidOptionError && error.option === "address") return DEVICE_ADVICE;
  if (error instanceof InterruptedError) {
    return "If a tape was moving, tape tell says where it stands";
  }
  if (error instanceof CommandTimeoutError) return "Give it more time with --timeout SECONDS";
  return undefined;
}

function loginAdvice({ statusClass, statusDetail }: LoginError): string | undefined {
  if (statusClass === undefined || statusDetail === undefined) return undefined;
  return LOGIN_ADVICE[(statusClass << 8) | statusDetail];
}
