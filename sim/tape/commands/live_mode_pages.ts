/**
 * Mode pages as they are now: what follows from the cartridge is not kept in them, but filled in.
 *
 * @module
 */

import type { ModePageValues } from "../../unit/mode_page_values.ts";
import type { DriveState } from "../drive_state.ts";
import { ModePage } from "../mode_page_table.ts";
import { partitionPage } from "./partition_page.ts";

const ACTIVE_PARTITION = 3;
const WORM_MODE_BYTE = 2;
const WORM_MODE = 0x01;
/** Some labels may be overwritten, and filemarks before end of data but for the one nearest the beginning. */
const WORM_RESTRICTIONS = [0x01, 0x02];
const RESTRICTIONS_BYTE = 4;

/** The current values of a page. The array is the caller's. */
export function livePage(drive: DriveState, values: ModePageValues): Uint8Array {
  const bytes = values.current.slice();
  if (values.subpage !== 0) return bytes;
  switch (values.page) {
    case ModePage.DeviceConfiguration:
      bytes[ACTIVE_PARTITION] = drive.partitionNumber;
      return bytes;
    case ModePage.MediumPartition:
      return partitionPage(drive, values.defaults);
    case ModePage.MediumConfiguration:
      if (!drive.isWorm) return bytes;
      bytes[WORM_MODE_BYTE] |= WORM_MODE;
      bytes.set(WORM_RESTRICTIONS, RESTRICTIONS_BYTE);
      return bytes;
    default:
      return bytes;
  }
}
