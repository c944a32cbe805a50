/**
 * LOG SENSE (SPC-5 §6.8) and the log pages of a tape drive (SSC-4 §8.2).
 *
 * @module
 */

import { readU16 } from "../../../scsi/big_endian.ts";
import type { Task } from "../../device_server.ts";
import { invalidField, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";
import { LOG_PAGES, logPageData } from "./log_pages.ts";
import { cutToAllocation } from "./transfer_length.ts";

const PAGE_CONTROL = 0xc0;
const PAGE_CODE = 0x3f;
/** Cumulative values: the only ones there are. */
const CUMULATIVE = 0x40;

/** The commands about log pages. */
export const LOG_COMMANDS: readonly DriveCommand[] = [
  {
    opcode: 0x4d,
    usage: [0, PAGE_CONTROL | PAGE_CODE, 0xff, 0, 0xff, 0xff, 0xff, 0xff, CONTROL],
    allowedWhenReserved: true,
    execute: logSense,
  },
];

function logSense(drive: DriveState, { cdb }: Task): Outcome {
  if ((cdb[2] & PAGE_CONTROL) !== CUMULATIVE) return invalidField(2, 7);
  const code = cdb[2] & PAGE_CODE;
  const page = LOG_PAGES.find((known) => known.page === code);
  if (page === undefined) return invalidField(2, 5);
  if (cdb[3] !== 0) return invalidField(3);
  const pointer = readU16(cdb, 5);
  const data = logPageData(page, drive, pointer);
  if (data === undefined) return invalidField(5);
  return { dataIn: cutToAllocation(data, readU16(cdb, 7)) };
}
