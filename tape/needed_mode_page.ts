/**
 * Mode pages that a feature stands or falls with.
 *
 * @module
 */

import {
  type ModePageLayout,
  type ReadModePage,
  readModePage,
  writeModePage,
} from "../scsi/stream/mode_page_layout.ts";
import type { Device } from "./device.ts";
import { ifThere, needing, unsupported } from "./feature_support.ts";

/**
 * Reads the page.
 *
 * @throws {UnsupportedError} when the drive does not have it, and so not the feature.
 */
export async function readNeededPage<T>(
  device: Device,
  feature: string,
  layout: ModePageLayout<T>,
  signal?: AbortSignal,
): Promise<ReadModePage<T>> {
  const page = await ifThere(device, (unit) => readModePage(unit, layout, { signal }));
  if (page === undefined) throw unsupported(device, feature);
  return page;
}

/**
 * Changes fields of the page; the others stay.
 *
 * @throws {UnsupportedError} when the drive does not have it, and so not the feature.
 * @throws {RangeError} when a number does not fit its field.
 */
export async function writeNeededPage<T>(
  device: Device,
  feature: string,
  layout: ModePageLayout<T>,
  changes: Partial<T>,
  signal?: AbortSignal,
): Promise<void> {
  await needing(
    device,
    feature,
    () => device.consult((unit) => writeModePage(unit, layout, changes, { signal })),
  );
}
