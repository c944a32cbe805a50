/**
 * REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-5 §6.35).
 *
 * @module
 */

import { writeU32 } from "./big_endian.ts";
import { type FieldTable, flag, readFields } from "./bit_field.ts";
import { cdbOf } from "./cdb_field.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** Which task management functions a device has. */
export interface SupportedTaskManagement {
  /** ATS. */
  readonly abortTask: boolean;
  /** ATSS. */
  readonly abortTaskSet: boolean;
  /** CACAS. */
  readonly clearAca: boolean;
  /** CTSS. */
  readonly clearTaskSet: boolean;
  /** LURS. */
  readonly logicalUnitReset: boolean;
  /** QTS. */
  readonly queryTask: boolean;
  /** TRS, obsolete. */
  readonly targetReset: boolean;
  /** QAES. */
  readonly queryAsynchronousEvent: boolean;
  /** QTSS. */
  readonly queryTaskSet: boolean;
  /** ITNRS. */
  readonly nexusReset: boolean;
}

const FIELDS: FieldTable<SupportedTaskManagement> = {
  abortTask: flag(0, 7),
  abortTaskSet: flag(0, 6),
  clearAca: flag(0, 5),
  clearTaskSet: flag(0, 4),
  logicalUnitReset: flag(0, 3),
  queryTask: flag(0, 2),
  targetReset: flag(0, 1),
  queryAsynchronousEvent: flag(1, 2),
  queryTaskSet: flag(1, 1),
  nexusReset: flag(1, 0),
};

/** The standard asks for at least this much room. */
const ALLOCATION = 4;
/** Devices older than SPC-4 send this much. */
const MIN_LENGTH = 2;

/** REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-5 §6.35). */
export function reportSupportedTaskManagementCdb(
  allocationLength: number = ALLOCATION,
): Uint8Array {
  const cdb = cdbOf(0xa3);
  cdb[1] = 0x0d;
  writeU32(cdb, 6, allocationLength);
  return cdb;
}

/**
 * Asks which task management functions a device has.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than two bytes.
 * @throws {CheckConditionError} when the device refused: many do not have this command.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readSupportedTaskManagement(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<SupportedTaskManagement> {
  const cdb = reportSupportedTaskManagementCdb();
  const bytes = await executeDataIn(unit, cdb, ALLOCATION, options);
  if (bytes.length < MIN_LENGTH) {
    throw new UnexpectedResponseError({
      commandName: "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS",
      unitName: unit.name,
      problem: `${bytes.length} bytes, at least ${MIN_LENGTH} needed`,
    });
  }
  return readFields(bytes, FIELDS) as SupportedTaskManagement;
}
