/**
 * Values that a caller hands over. To a program without types `"false"` is a flag like any other, and true.
 *
 * @module
 */

import { type Complaint, complaintAboutOwn, type Rule, signal } from "../scsi/option_rules.ts";
import { TapeError } from "./errors.ts";

/**
 * Checks arguments that have to be there, before anything is sent.
 *
 * @throws {TapeError} of kind `invalid-argument` for the first that is not what its rule says.
 */
export function checkGiven<Name extends string>(
  values: Readonly<Record<Name, unknown>>,
  rules: Readonly<Record<Name, Rule>>,
): void {
  for (const name of Object.keys(rules) as Name[]) refuse(rules[name](values[name], name));
}

/**
 * Checks those of some options that are there.
 *
 * @throws {TapeError} as {@linkcode checkGiven}, also when the options are none.
 */
export function checkOptional(options: unknown, rules: Readonly<Record<string, Rule>>): void {
  refuse(complaintAboutOwn(options, rules));
}

/** What is wrong with a signal; one that is passed over, as an `AbortController` is, would call nothing off. */
export function wrongSignal(given: AbortSignal | undefined): TapeError | undefined {
  const complaint = given === undefined ? undefined : signal(given, "signal");
  return complaint && new TapeError("invalid-argument", complaint.message);
}

function refuse(complaint: Complaint | undefined): void {
  if (complaint !== undefined) throw new TapeError("invalid-argument", complaint.message);
}
