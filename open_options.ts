/**
 * What the options of everything that opens a device may be. Programs without types hand over anything, and an option that is passed over
 * in silence, as a misspelt `exclusive`, costs a tape.
 *
 * @module
 */

import type { LibraryViewOptions, ProbeOptions } from "./changer/library_view.ts";
import { CHANGER_RULES, READY_POLLING_RULES } from "./changer/option_rules.ts";
import type { MediaChangerOptions } from "./changer/options.ts";
import { refuse } from "./iscsi/negotiation/option_rules.ts";
import type { ReconnectOptions } from "./iscsi/session/recoverable_unit.ts";
import { CONNECT_RULES } from "./iscsi/session/session_option_rules.ts";
import type { ConnectOptions } from "./iscsi/session/session_options.ts";
import {
  complaintAbout,
  count,
  group,
  method,
  milliseconds,
  object,
  ownFields,
  type Rules,
  text,
  tries,
  truth,
} from "./scsi/option_rules.ts";
import { DRIVE_RULES } from "./tape/option_limits.ts";
import type { TapeDriveOptions } from "./tape/options.ts";

/** One set of options serves the drive, the changer and the connections of a library. */
type DeviceOptions =
  & TapeDriveOptions
  & MediaChangerOptions
  & LibraryViewOptions
  & ConnectOptions
  & { readonly reconnect?: ReconnectOptions; readonly deviceType?: number };

const PROBE: Rules<ProbeOptions> = { ...READY_POLLING_RULES, slot: count() };

const RECONNECT: Rules<ReconnectOptions> = {
  attempts: tries,
  delayMs: milliseconds,
  withinMs: milliseconds,
  changed: method,
  repeatCommands: truth,
};

const OPTIONS: Rules<DeviceOptions> = {
  ...CONNECT_RULES,
  ...CHANGER_RULES,
  ...DRIVE_RULES,
  deviceType: count(0, 31),
  probe: group(PROBE, ["slot"]),
  reconnect: group(RECONNECT),
};

/**
 * Checks the options of something that opens a device, and returns them as fields of their own.
 *
 * @throws {InvalidOptionError} when one is there that nothing has, or is not what it has to be.
 */
export function checkedDeviceOptions<Options extends object>(options: Options): Options {
  refuse(object(options, "options"));
  const fields = ownFields(options, OPTIONS);
  refuse(complaintAbout(fields, OPTIONS));
  return fields;
}

/**
 * Checks that an address or a portal is a text: one from an environment variable that is not set is none.
 *
 * @throws {InvalidOptionError} when it is not.
 */
export function checkText(value: unknown, option: "address" | "portal"): void {
  refuse(text(value, option));
}
