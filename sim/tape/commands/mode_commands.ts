/**
 * MODE SENSE and MODE SELECT (SPC-5 §6.13 to §6.16; SSC-4 §8.3).
 *
 * @module
 */

import { readU16 } from "../../../scsi/big_endian.ts";
import {
  encodeModeSenseData,
  encodeTapeParameter,
  type ModeForm,
  type ModePage,
} from "../../../scsi/mode_parameters.ts";
import { Conditions, failed, invalidField, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { ModePageValues } from "../drive_modes.ts";
import type { DriveState } from "../drive_state.ts";
import { livePage } from "./live_mode_pages.ts";
import { modeSelect } from "./mode_select.ts";
import { cutToAllocation } from "./transfer_length.ts";

const DBD = 0x08;
const LLBAA = 0x10;
const PAGE_FORMAT = 0x10;
const PAGE_CODE = 0x3f;
const PAGE_CONTROL_SHIFT = 6;
const ALL_PAGES = 0x3f;
const ALL_SUBPAGES = 0xff;

/** PAGE CONTROL. */
const CHANGEABLE = 1;
const DEFAULT = 2;
const SAVED = 3;

/** The commands about mode parameters. SAVE PAGES is refused: no page can be saved. */
export const MODE_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x1a,
    usage: [DBD, 0xff, 0xff, 0xff, CONTROL],
    access: "read",
    execute: (drive, { cdb }) => modeSense(drive, cdb, 6, cdb[4]),
  },
  {
    opcode: 0x5a,
    usage: [LLBAA | DBD, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, CONTROL],
    access: "read",
    execute: (drive, { cdb }) => modeSense(drive, cdb, 10, readU16(cdb, 7)),
  },
  {
    opcode: 0x15,
    usage: [PAGE_FORMAT, 0, 0, 0xff, CONTROL],
    dataOutLength: (cdb) => cdb[4],
    execute: (drive, task) => modeSelect(drive, task, task.cdb[4], 6),
  },
  {
    opcode: 0x55,
    usage: [PAGE_FORMAT, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
    dataOutLength: (cdb) => readU16(cdb, 7),
    execute: (drive, task) => modeSelect(drive, task, readU16(task.cdb, 7), 10),
  },
];

function modeSense(
  drive: DriveState,
  cdb: Uint8Array,
  form: ModeForm,
  allocationLength: number,
): Outcome {
  const pageControl = cdb[2] >> PAGE_CONTROL_SHIFT;
  const code = cdb[2] & PAGE_CODE;
  if (pageControl === SAVED) return failed(Conditions.savingNotSupported);
  const isAsked = ({ page, subpage }: ModePageValues) =>
    (code === ALL_PAGES || code === page) && (cdb[3] === ALL_SUBPAGES || cdb[3] === subpage);
  const pages = drive.modes.pages.filter(isAsked);
  // Page 00h, the vendor's own, is absent but may be asked for: the header and the block descriptor alone.
  const isKnown = code === 0 || drive.modes.pages.some(({ page }) => code === page);
  if (pages.length === 0 && (code !== 0 || cdb[3] !== 0)) {
    return isKnown || code === ALL_PAGES ? invalidField(3) : invalidField(2, 5);
  }
  const data = encodeModeSenseData({
    mediumType: mediumType(drive),
    deviceSpecific: encodeTapeParameter({
      writeProtected: drive.isWriteProtected,
      bufferedMode: drive.modes.bufferedMode,
      speed: 0,
    }),
    ...((cdb[1] & DBD) === 0 && { blockDescriptor: blockDescriptor(drive, pageControl) }),
    pages: pages.map((values) => pageOf(drive, values, pageControl)),
  }, form);
  return { dataIn: cutToAllocation(data, allocationLength) };
}

function mediumType(drive: DriveState): number {
  if (!drive.loaded) return 0;
  const known = drive.personality.densities.find(({ code }) => code === drive.densityCode);
  return (drive.isWorm ? known?.wormMediumType : known?.mediumType) ?? 0;
}

function blockDescriptor(drive: DriveState, pageControl: number) {
  if (pageControl === CHANGEABLE) {
    return { densityCode: 0xff, blockCount: 0, blockBytes: 0xffffff };
  }
  const blockBytes = pageControl === DEFAULT ? 0 : drive.modes.blockBytes;
  return { densityCode: drive.densityCode, blockCount: 0, blockBytes };
}

function pageOf(drive: DriveState, values: ModePageValues, pageControl: number): ModePage {
  const { page, subpage, defaults, changeable } = values;
  const bytes = livePage(drive, values);
  if (pageControl === DEFAULT) return { page, subpage, saveable: false, bytes: defaults.slice() };
  if (pageControl === CHANGEABLE) {
    // A list at the end of the page, one for each partition, is changeable as its first entry is.
    for (let at = 2; at < bytes.length; at++) bytes[at] = changeable[at] ?? changeable[at % 2 + 8];
    const header = subpage === 0 ? 2 : 4;
    bytes.set(defaults.subarray(0, header));
    bytes[1] = subpage === 0 ? bytes.length - 2 : subpage;
  }
  return { page, subpage, saveable: false, bytes };
}
