/**
 * MODE SENSE and MODE SELECT of a tape drive (SSC-4 §8.3).
 *
 * @module
 */

import { encodeTapeParameter } from "../../../scsi/mode_parameters.ts";
import { modeCommands, type PageControl } from "../../unit/mode_commands.ts";
import { type ModePageValues, pageHeaderLength } from "../../unit/mode_page_values.ts";
import type { DriveState } from "../drive_state.ts";
import type { DriveCommand } from "./drive_command.ts";
import { livePage } from "./live_mode_pages.ts";
import { applyModes, refuseHeader, refusePage } from "./mode_select.ts";

/** The commands about mode parameters. */
export const MODE_COMMANDS: readonly DriveCommand[] = modeCommands<DriveState>({
  header: (drive, control) => ({
    mediumType: mediumType(drive),
    deviceSpecific: encodeTapeParameter({
      writeProtected: drive.isWriteProtected,
      bufferedMode: drive.modes.bufferedMode,
      speed: 0,
    }),
    blockDescriptor: blockDescriptor(drive, control),
  }),
  page: pageBytes,
  refuseHeader,
  refusePage,
  apply: applyModes,
});

function mediumType(drive: DriveState): number {
  if (!drive.loaded) return 0;
  const known = drive.personality.densities.find(({ code }) => code === drive.densityCode);
  return (drive.isWorm ? known?.wormMediumType : known?.mediumType) ?? 0;
}

function blockDescriptor(drive: DriveState, control: PageControl) {
  if (control === "changeable") {
    return { densityCode: 0xff, blockCount: 0, blockBytes: 0xffffff };
  }
  const blockBytes = control === "default" ? 0 : drive.modes.blockBytes;
  return { densityCode: drive.densityCode, blockCount: 0, blockBytes };
}

function pageBytes(drive: DriveState, values: ModePageValues, control: PageControl): Uint8Array {
  const { subpage, defaults, changeable } = values;
  if (control === "default") return defaults.slice();
  const bytes = livePage(drive, values);
  if (control === "current") return bytes;
  // A list at the end of the page, one for each partition, is changeable as its first entry is.
  for (let at = 2; at < bytes.length; at++) bytes[at] = changeable[at] ?? changeable[at % 2 + 8];
  bytes.set(defaults.subarray(0, pageHeaderLength(values)));
  bytes[1] = subpage === 0 ? bytes.length - 2 : subpage;
  return bytes;
}
