/**
 * What the options of a media changer may be, when a program without types hands them over.
 *
 * @module
 */

import {
  type Complaint,
  complaintAboutOwn,
  group,
  having,
  logger,
  method,
  milliseconds,
  type Rules,
  signal,
  timeouts,
  tries,
} from "../scsi/option_rules.ts";
import { changerError } from "./conditions.ts";
import type { MediaChangerOptions, ReadyPollingOptions, Unloadable } from "./options.ts";

/** What each option of waiting for a library may be. */
export const READY_POLLING_RULES: Rules<ReadyPollingOptions> = {
  intervalMs: milliseconds,
  count: tries,
};

const UNLOADABLE = having("a drive or a function", "unload");

/** What each option of a changer may be. */
export const CHANGER_RULES: Rules<MediaChangerOptions> = {
  readyPolling: group(READY_POLLING_RULES),
  timeouts,
  logger,
  signal,
  sleep: method,
};

/**
 * Checks the options of a changer that is to be opened.
 *
 * @throws {ChangerError} of kind `invalid-argument` when one is not what it has to be.
 */
export function checkChangerOptions(options: MediaChangerOptions): void {
  refuse(complaintAboutOwn(options, CHANGER_RULES));
}

/**
 * Checks a signal; one that is passed over, as an `AbortController` is, would call nothing off.
 *
 * @throws {ChangerError} as {@linkcode checkChangerOptions}.
 */
export function checkSignal(given: AbortSignal | undefined): void {
  if (given !== undefined) refuse(signal(given, "signal"));
}

/**
 * Checks what is to give its cartridge up: nothing has been moved then.
 *
 * @throws {ChangerError} as {@linkcode checkChangerOptions}.
 */
export function checkUnloadable(unloadDrive: Unloadable): void {
  if (typeof unloadDrive !== "function") refuse(UNLOADABLE(unloadDrive, "unloadDrive"));
}

function refuse(complaint: Complaint | undefined): void {
  if (complaint !== undefined) throw changerError("invalid-argument", complaint.message);
}
