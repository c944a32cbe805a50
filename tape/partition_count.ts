/**
 * Whether a tape has more than one partition, for drives that do not tell where they stand.
 *
 * @module
 */

import { MEDIUM_PARTITION_PAGE } from "../scsi/stream/mode_page_fields.ts";
import { readModePage } from "../scsi/stream/mode_page_layout.ts";
import { mayBePassedOver } from "./conditions.ts";
import type { Device } from "./device.ts";

/**
 * Asks the drive. One that does not have the medium partition page has no partitions; one that does not answer is not known to have one alone.
 *
 * @throws {TapeError} that the drive tells this command alone; {@link TransportLostError}.
 */
export async function hasOnePartition(device: Device, signal?: AbortSignal): Promise<boolean> {
  try {
    const page = await device.consult((unit) =>
      readModePage(unit, MEDIUM_PARTITION_PAGE, { signal })
    );
    return (page?.fields.additionalDefined ?? 0) === 0;
  } catch (error) {
    if (!mayBePassedOver(error)) throw error;
    return error.kind === "illegal-request";
  }
}
