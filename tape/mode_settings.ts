/**
 * The drive's settings by the names of their mode pages and fields (SSC-4, SPC-5 §7.5).
 *
 * @module
 */

import type { FlagField, NumberField } from "../scsi/bit_field.ts";
import { count, object, truth } from "../scsi/option_rules.ts";
import {
  CONFIGURATION_EXTENSION_PAGE,
  type ConfigurationExtensionPage,
  CONTROL_PAGE,
  type ControlPage,
  DEVICE_CONFIGURATION_PAGE,
  type DeviceConfigurationPage,
  ERROR_RECOVERY_PAGE,
  type ErrorRecoveryPage,
  INFORMATIONAL_EXCEPTIONS_PAGE,
  type InformationalExceptionsPage,
  MEDIUM_CONFIGURATION_PAGE,
  type MediumConfigurationPage,
} from "../scsi/stream/mode_page_fields.ts";
import type { ModePageLayout } from "../scsi/stream/mode_page_layout.ts";
import { checkGiven } from "./caller_values.ts";
import type { DriveWork } from "./drive_work.ts";
import { TapeError } from "./errors.ts";
import { keepFields } from "./kept_fields.ts";
import { readNeededPage, writeNeededPage } from "./needed_mode_page.ts";

/** The fields of each group of settings, by the name of its mode page. */
export interface DriveSettings {
  /** How hard the drive tries to read and write, and what it reports of that (page 01h). */
  readonly "read-write error recovery": ErrorRecoveryPage;
  /** The form of sense data, and protection of all tapes by software (page 0Ah). */
  readonly "control": ControlPage;
  /** What the drive does at early warning, at the end of data and at a reset (page 10h). */
  readonly "device configuration": DeviceConfigurationPage;
  /** Append-only mode, programmable early warning, and how TapeAlert is told (page 10h/01h). */
  readonly "device configuration extension": ConfigurationExtensionPage;
  /** Whether and how the drive reports failures that it foresees (page 1Ch). */
  readonly "informational exceptions control": InformationalExceptionsPage;
  /** The rules of a write-once tape (page 1Dh). */
  readonly "medium configuration": MediumConfigurationPage;
}

/** The name of a group of settings. */
export type DriveSettingsName = keyof DriveSettings;

const LAYOUTS: { readonly [N in DriveSettingsName]: ModePageLayout<DriveSettings[N]> } = {
  "read-write error recovery": ERROR_RECOVERY_PAGE,
  "control": CONTROL_PAGE,
  "device configuration": DEVICE_CONFIGURATION_PAGE,
  "device configuration extension": CONFIGURATION_EXTENSION_PAGE,
  "informational exceptions control": INFORMATIONAL_EXCEPTIONS_PAGE,
  "medium configuration": MEDIUM_CONFIGURATION_PAGE,
};

function layoutOf<N extends DriveSettingsName>(name: N): ModePageLayout<DriveSettings[N]> {
  if (Object.hasOwn(LAYOUTS, name)) return LAYOUTS[name];
  throw new TapeError(
    "invalid-argument",
    `Cannot find the settings "${name}": there is no mode page of that name`,
  );
}

function featureOf(name: DriveSettingsName): string {
  return `the settings "${name}"`;
}

/**
 * Reads a group of settings: the fields that the drive's page is long enough to hold.
 *
 * @throws {UnsupportedError} when the drive does not have the page.
 */
export async function readSettings<N extends DriveSettingsName>(
  { session: { device } }: DriveWork,
  name: N,
  signal?: AbortSignal,
): Promise<Partial<DriveSettings[N]>> {
  return (await readNeededPage(device, featureOf(name), layoutOf(name), signal)).fields;
}

/** A field that there is not would be left as it is, and a flag is no text. */
function checkChanges<T>(name: string, layout: ModePageLayout<T>, changes: Partial<T>): void {
  checkGiven({ changes }, { changes: object });
  const fields = layout.fields as Readonly<Record<string, FlagField | NumberField>>;
  for (const [field, value] of Object.entries(changes)) {
    if (!Object.hasOwn(fields, field)) {
      throw new TapeError("invalid-argument", `Cannot change "${name}": it has no ${field}`);
    }
    if (value !== undefined) {
      checkGiven({ [field]: value }, { [field]: "bit" in fields[field] ? truth : count() });
    }
  }
}

/** Changes some fields of a group, where the caller is; the others stay. */
export async function writeSettings<N extends DriveSettingsName>(
  work: DriveWork,
  name: N,
  changes: Partial<DriveSettings[N]>,
  signal?: AbortSignal,
): Promise<void> {
  const layout = layoutOf(name);
  const { session } = work;
  checkChanges(name, layout, changes);
  await work.back();
  try {
    await writeNeededPage(session.device, featureOf(name), layout, changes, signal);
    await keepFields(session, layout, changes, signal);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TapeError("invalid-argument", `Cannot change "${name}": ${error.message}`, {
      cause: error,
    });
  }
}
