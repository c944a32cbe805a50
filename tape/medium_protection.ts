/**
 * Whether and why a tape cannot be written, or only once (SSC-4: mode parameter header, mode pages 0Ah, 10h and 1Dh, vital
 * product data page B0h).
 *
 * @module
 */

import {
  CONFIGURATION_EXTENSION_PAGE,
  CONTROL_PAGE,
  DEVICE_CONFIGURATION_PAGE,
  MEDIUM_CONFIGURATION_PAGE,
} from "../scsi/stream/mode_page_fields.ts";
import { type ModePageLayout, readModePage } from "../scsi/stream/mode_page_layout.ts";
import { readStreamCapabilities } from "../scsi/stream/stream_vpd.ts";
import { readMediumMode } from "./block_size.ts";
import type { Device } from "./device.ts";
import { ifThere } from "./feature_support.ts";

/** Whether and why a tape cannot be written. */
export interface MediumProtection {
  /** Whether the drive refuses to write on this tape now, for whatever reason: the tab, a setting, or an incompatible generation. */
  readonly writeProtected: boolean;
  /** The drive is told to refuse to write, on any tape. */
  readonly bySoftware: boolean;
  /** The drive was told to protect this tape until it is taken out. */
  readonly untilUnload: boolean;
  /** The tape itself was protected; that can be taken back. */
  readonly persistently: boolean;
  /** The tape itself was protected for ever. */
  readonly permanently: boolean;
  /** Whether this is a write-once (WORM) tape. */
  readonly writeOnce: boolean;
  /** Whether the drive takes write-once tapes, or as some drives mean it: whether one is in it; absent when it does not say. */
  readonly takesWriteOnce?: boolean;
  /** Whether the drive is in append-only mode: data cannot be overwritten without leave. */
  readonly appendOnly: boolean;
}

async function fieldsOf<T>(
  device: Device,
  layout: ModePageLayout<T>,
  signal?: AbortSignal,
): Promise<Partial<T>> {
  const page = await ifThere(device, (unit) => readModePage(unit, layout, { signal }));
  return page?.fields ?? {};
}

/**
 * Whether what is on the tape may be written over: it is no write-once tape, and the drive is not in append-only mode.
 *
 * @throws {TapeError} when the drive does not answer.
 */
export async function canOverwrite(device: Device): Promise<boolean> {
  const medium = await fieldsOf(device, MEDIUM_CONFIGURATION_PAGE);
  const extension = await fieldsOf(device, CONFIGURATION_EXTENSION_PAGE);
  if (extension.writeMode === 1) return false;
  if (medium.writeOnce !== true) return true;
  const capabilities = await device.consult((unit) => readStreamCapabilities(unit));
  return !isWriteOnce(medium, capabilities);
}

/** With such a tape in the drive both say so, whatever the page on capabilities means; tgt sets the bit of the medium for every tape. */
function isWriteOnce(
  medium: { readonly writeOnce?: boolean },
  capabilities: { readonly writeOnce: boolean } | undefined,
): boolean {
  return medium.writeOnce === true && capabilities?.writeOnce !== false;
}

/**
 * Asks the drive. A page that it does not have counts as: not protected that way.
 *
 * @throws {TapeError} when it fails.
 */
export async function readMediumProtection(
  device: Device,
  signal?: AbortSignal,
): Promise<MediumProtection> {
  const { writeProtected } = await readMediumMode(device, signal);
  const control = await fieldsOf(device, CONTROL_PAGE, signal);
  const configuration = await fieldsOf(device, DEVICE_CONFIGURATION_PAGE, signal);
  const extension = await fieldsOf(device, CONFIGURATION_EXTENSION_PAGE, signal);
  const medium = await fieldsOf(device, MEDIUM_CONFIGURATION_PAGE, signal);
  const capabilities = await device.consult((unit) => readStreamCapabilities(unit, { signal }));
  return {
    writeProtected,
    bySoftware: (control.softwareWriteProtect || configuration.softwareWriteProtect) ?? false,
    untilUnload: configuration.associatedWriteProtect ?? false,
    persistently: configuration.persistentWriteProtect ?? false,
    permanently: configuration.permanentWriteProtect ?? false,
    writeOnce: isWriteOnce(medium, capabilities),
    ...(capabilities && { takesWriteOnce: capabilities.writeOnce }),
    appendOnly: extension.writeMode === 1,
  };
}
