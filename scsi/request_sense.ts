/**
 * REQUEST SENSE: what a device has to say when no command failed, such as the progress of an operation (SPC-5 §6.39).
 *
 * @module
 */

import { requestSenseCdb, type RequestSenseCdbOptions } from "./cdb.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { decodeSense, type Sense } from "./sense.ts";

/** The most that sense data can be, and a multiple of four (SPC-5 §4.4.1). */
const ALLOCATION_LENGTH = 252;

/**
 * Asks a device for its sense data. Devices answer this in any state; NO SENSE (0), 00/00 means that there is
 * nothing to report.
 *
 * @throws {ScsiStatusError} when the device refused ({@link CheckConditionError} with the reason).
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function requestSense(
  unit: LogicalUnit,
  options: CommandOptions & RequestSenseCdbOptions = {},
): Promise<Sense> {
  const cdb = requestSenseCdb(ALLOCATION_LENGTH, options);
  return decodeSense(await executeDataIn(unit, cdb, ALLOCATION_LENGTH, options));
}
