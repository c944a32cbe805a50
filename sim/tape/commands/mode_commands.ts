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
    execute: (drive, { cdb }) => modeSense(drive, cdb, 6, cdb[4]),
  },
  {
    opcode: 0x5a,
    usage: [LLBAA | DBD, 0xff, 0xff, 0, 0, 0, 0xff, 0xff, CONTROL],
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
  if (cdb[3] !== 0 && cdb[3] !== ALL_SUBPAGES) return invalidField(3);
  const pages = drive.modes.pages.filter(({ page }) => code === ALL_PAGES || code === page);
  // Page 00h, the vendor's own, is absent but may be asked for: the header and the block descriptor alone.
  if (pages.length === 0 && code !== 0) return invalidField(2, 5);
  const data = encodeModeSenseData({
    mediumType: mediumType(drive),
    deviceSpecific: encodeTapeParameter({
      writeProtected: drive.isWriteProtected,
      bufferedMode: drive.modes.bufferedMode,
      speed: 0,
    }),
    ...((cdb[1] & DBD) === 0 && { blockDescriptor: blockDescriptor(drive, pageControl) }),
    pages: pages.map((values) => pageOf(values, pageControl)),
  }, form);
  return { dataIn: cutToAllocation(data, allocationLength) };
}

function mediumType(drive: DriveState): number {
  if (!drive.loaded) return 0;
  const { densities } = drive.personality;
  return densities.find(({ code }) => code === drive.densityCode)?.mediumType ?? 0;
}

function blockDescriptor(drive: DriveState, pageControl: number) {
  if (pageControl === CHANGEABLE) {
    return { densityCode: 0xff, blockCount: 0, blockBytes: 0xffffff };
  }
  const blockBytes = pageControl === DEFAULT ? 0 : drive.modes.blockBytes;
  return { densityCode: drive.densityCode, blockCount: 0, blockBytes };
}

function pageOf(values: ModePageValues, pageControl: number): ModePage {
  const { page, defaults, changeable, current } = values;
  const bytes = current.slice();
  if (pageControl === DEFAULT) bytes.set(defaults);
  if (pageControl === CHANGEABLE) bytes.set(changeable.subarray(2), 2);
  return { page, subpage: 0, saveable: false, bytes };
}
