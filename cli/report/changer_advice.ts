import type { ChangerError, ChangerErrorKind } from "../../changer/errors.ts";

const WHAT_IS_WHERE = "tape changer status shows what is where";

/** How the command does what an error of the library advises in general. */
const ADDED: Readonly<Partial<Record<ChangerErrorKind, string>>> = {
  "element-empty": WHAT_IS_WHERE,
  "element-full": WHAT_IS_WHERE,
  "fault": WHAT_IS_WHERE,
  "invalid-element": WHAT_IS_WHERE,
  "inventory-changed": WHAT_IS_WHERE,
  "not-a-changer": "Choose another LUN: tape ls PORTAL lists changers as mediumx",
  "outcome-unknown": WHAT_IS_WHERE,
};

/** How it does what an error advises to users of the library in their terms. */
const TRANSLATED: Readonly<Partial<Record<ChangerErrorKind, string>>> = {
  "drive-holds-medium":
    "The drive has to unload its cartridge first: --eject DEVICE, with the drive's own address, has it do so",
  "removal-prevented":
    "The removal has to be allowed where it was prevented: tape -f DEVICE unlock, with the drive's own " +
    "address, takes back what this host has locked",
};

/** MECHANICAL POSITIONING ERROR (SPC-5 Annex F). */
const MISSED = 0x15;
const AFTER_A_MISS =
  `The arm missed its position: tape changer inventory has the library look at its slots again, ${WHAT_IS_WHERE}`;

/** What a person can do about an error of the library, if the command knows more than the error says. */
export function changerAdvice(error: ChangerError): string | undefined {
  return translated(error) ?? ADDED[error.kind];
}

/** An error's message, without the advice that {@link changerAdvice} gives in the command's terms. */
export function changerMessage(error: ChangerError): string {
  const { message, advice } = error;
  if (translated(error) === undefined || !message.endsWith(`; ${advice}`)) return message;
  return message.slice(0, -`; ${advice}`.length);
}

function translated({ kind, asc }: ChangerError): string | undefined {
  return kind === "fault" && asc === MISSED ? AFTER_A_MISS : TRANSLATED[kind];
}
