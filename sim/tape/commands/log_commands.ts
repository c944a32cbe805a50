/**
 * LOG SENSE and LOG SELECT (SPC-5 §6.7, §6.8).
 *
 * @module
 */

import { readU16 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { Conditions, failed, GOOD, invalidField, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { findLogPage, logPageData, subpageData } from "../logs/log_pages.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import { cutToAllocation } from "./transfer_length.ts";

const PAGE_CONTROL = 0xc0;
const PAGE_CODE = 0x3f;
const SUBPAGE_CODE = 0xff;
/** Cumulative values: the only ones there are. */
const CUMULATIVE = 0x40;
const DEFAULT_CUMULATIVE = 0xc0;
const ALL_SUBPAGES = 0xff;
/** In SCSI-2 LOG SELECT is for all pages. */
const LAST_VERSION_WITHOUT_PAGES = 2;
const RESET_COUNTERS = 0x02;

/** The commands about log pages. */
export const LOG_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x4d,
    usage: [0, PAGE_CONTROL | PAGE_CODE, SUBPAGE_CODE, 0, 0xff, 0xff, 0xff, 0xff, CONTROL],
    allowedWhenReserved: true,
    execute: logSense,
  },
  {
    // A list of parameters is refused: there are no thresholds to set.
    opcode: 0x4c,
    usage: [
      RESET_COUNTERS,
      PAGE_CONTROL | PAGE_CODE,
      SUBPAGE_CODE,
      ...[0, 0, 0],
      ...[0xff, 0xff, CONTROL],
    ],
    dataOutLength: (cdb) => readU16(cdb, 7),
    execute: logSelect,
  },
];

function logSense(drive: DriveState, { cdb, nexus }: Task): Outcome {
  if ((cdb[2] & PAGE_CONTROL) !== CUMULATIVE) return invalidField(2, 7);
  const page = findLogPage(drive, cdb[2] & PAGE_CODE);
  if (page === undefined) return invalidField(2, 5);
  if (cdb[3] !== 0) return subpageList(drive, cdb);
  const data = logPageData(page, drive, nexus, readU16(cdb, 5));
  if (data === undefined) return invalidField(5);
  return { dataIn: cutToAllocation(data, readU16(cdb, 7)) };
}

/** The list of all pages and subpages is the only subpage there is. */
function subpageList(drive: DriveState, cdb: Uint8Array): Outcome {
  const data = subpageData(drive, cdb[2] & PAGE_CODE, cdb[3]);
  if (data === undefined) return invalidField(3);
  if (readU16(cdb, 5) !== 0) return invalidField(5);
  return { dataIn: cutToAllocation(data, readU16(cdb, 7)) };
}

/** Page 00h stands for all pages (SPC-5 table 67). */
function logSelect(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const isReset = (cdb[1] & RESET_COUNTERS) !== 0;
  const [, , control, subpage] = cdb;
  const page = control & PAGE_CODE;
  const isForAll = page === 0 && subpage === 0;
  const isOld = drive.personality.version <= LAST_VERSION_WITHOUT_PAGES;
  if (findLogPage(drive, page) === undefined || (isOld && !isForAll)) return invalidField(2, 5);
  if (subpage !== 0 && subpage !== ALL_SUBPAGES) return invalidField(3);
  if (readU16(cdb, 7) !== 0) {
    return isReset ? invalidField(7) : failed(Conditions.parameterListLength);
  }
  const which = control & PAGE_CONTROL;
  const isCleared = which === DEFAULT_CUMULATIVE || (isReset && which === CUMULATIVE);
  if (!isCleared) return GOOD;
  drive.clearCounts(isForAll ? undefined : [page]);
  drive.attentions.raise(Conditions.logParametersChanged, nexus);
  return GOOD;
}
