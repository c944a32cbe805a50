/**
 * REPORT LUNS (SPC-5 §6.33). Every unit has it in its table; in a target, which alone knows the others, that one answers
 * on behalf of its units.
 *
 * @module
 */

import { readU32 } from "../../scsi/big_endian.ts";
import { SelectReport } from "../../scsi/cdb.ts";
import { encodeReportLuns } from "../../scsi/report_luns.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import { invalidField, type Outcome } from "../tape/conditions.ts";
import { CONTROL, type SharedCommand } from "./unit_command.ts";

const SELECT_REPORT = 2;
const ALLOCATION_LENGTH = 6;
/** SPC-5 §6.33: room for one LUN is the least. */
const MIN_ALLOCATION_LENGTH = 16;

/** The command of a unit that is alone. */
export const REPORT_LUNS: SharedCommand<unknown> = {
  opcode: 0xa0,
  usage: [0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, CONTROL],
  ignoresUnitAttention: true,
  access: "allowed",
  allowedWhenReserved: true,
  execute: (_unit, { cdb }) => lunReport(cdb, [0n]),
};

/** The answer where there are these logical units. */
export function lunReport(cdb: Uint8Array, luns: readonly bigint[]): Outcome {
  const select = cdb[SELECT_REPORT];
  const allocation = readU32(cdb, ALLOCATION_LENGTH);
  if (select > SelectReport.All) return invalidField(SELECT_REPORT);
  if (allocation < MIN_ALLOCATION_LENGTH) return invalidField(ALLOCATION_LENGTH);
  const listed = select === SelectReport.WellKnown ? [] : luns;
  return { dataIn: cutToAllocation(encodeReportLuns(listed), allocation) };
}
