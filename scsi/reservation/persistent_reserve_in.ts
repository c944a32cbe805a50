/**
 * PERSISTENT RESERVE IN: who is registered with a logical unit, and who has it reserved (SPC-5 §6.16).
 *
 * @module
 */

import { writeU16 } from "../big_endian.ts";
import { cdbOf, checkedField } from "../cdb_field.ts";
import { UnexpectedResponseError } from "../errors.ts";
import { type CommandOptions, executeDataIn } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import {
  decodeFullReservationStatus,
  type FullReservationStatus,
} from "./full_reservation_status.ts";
import { checkReportLength, reportLength } from "./report_header.ts";
import {
  decodeRegisteredKeys,
  decodeReservationCapabilities,
  decodeReservationReport,
  type RegisteredKeys,
  type ReservationCapabilities,
  type ReservationReport,
} from "./reservation_reports.ts";

/** Service actions of PERSISTENT RESERVE IN by name. */
export const PersistentReserveIn = {
  ReadKeys: 0x00,
  ReadReservation: 0x01,
  ReportCapabilities: 0x02,
  ReadFullStatus: 0x03,
} as const;

/** One of the service actions of {@link PersistentReserveIn}. */
export type PersistentReserveIn = (typeof PersistentReserveIn)[keyof typeof PersistentReserveIn];

/**
 * PERSISTENT RESERVE IN (SPC-5 §6.16).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 65535.
 * @throws {RangeError} when a value does not fit.
 */
export function persistentReserveInCdb(
  serviceAction: PersistentReserveIn,
  allocationLength: number,
): Uint8Array {
  const cdb = cdbOf(0x5e);
  cdb[1] = checkedField("a service action", serviceAction, 0x1f);
  writeU16(cdb, 7, checkedField("an allocation length", allocationLength, MAX_ALLOCATION));
  return cdb;
}

/** Room for 127 keys, or a dozen registrations with their names. */
const FIRST_ALLOCATION = 1024;
/** As much as the CDB can ask for. */
const MAX_ALLOCATION = 0xffff;
/** A list may grow while it is being read, but not for ever. */
const MAX_ATTEMPTS = 4;

/** Reservation and capabilities have a fixed length. */
const FIXED_ALLOCATION = 24;

function ask(
  unit: LogicalUnit,
  serviceAction: PersistentReserveIn,
  allocation: number,
  options: CommandOptions,
): Promise<Uint8Array> {
  const cdb = persistentReserveInCdb(serviceAction, allocation);
  return executeDataIn(unit, cdb, allocation, options);
}

/** Asks until there is room for the whole list: half a list of registrations would mislead whoever acts on it. */
async function askWhole(
  unit: LogicalUnit,
  serviceAction: PersistentReserveIn,
  options: CommandOptions,
): Promise<Uint8Array> {
  let length = FIRST_ALLOCATION;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && length <= MAX_ALLOCATION; attempt++) {
    const bytes = await ask(unit, serviceAction, length, options);
    checkReportLength(bytes, { unitName: unit.name });
    length = reportLength(bytes);
    if (length <= bytes.length) return bytes;
  }
  throw new UnexpectedResponseError({
    commandName: "PERSISTENT RESERVE IN",
    unitName: unit.name,
    problem: `a list of ${length} bytes did not come whole`,
  });
}

/**
 * Asks which reservation keys are registered (READ KEYS). Asks again with more room for a list that is longer than
 * the first answer.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 8 bytes, or than the list that it announces, or
 * the list is longer than 65535 bytes.
 * @throws {CheckConditionError} when the device refused: it has no persistent reservations.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readRegisteredKeys(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<RegisteredKeys> {
  const bytes = await askWhole(unit, PersistentReserveIn.ReadKeys, options);
  return decodeRegisteredKeys(bytes, { unitName: unit.name });
}

/**
 * Asks which persistent reservation is in force (READ RESERVATION).
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 8 bytes, or than the reservation that it
 * announces.
 * @throws {CheckConditionError} when the device refused: it has no persistent reservations.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readReservation(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<ReservationReport> {
  const bytes = await ask(unit, PersistentReserveIn.ReadReservation, FIXED_ALLOCATION, options);
  return decodeReservationReport(bytes, { unitName: unit.name });
}

/**
 * Asks what the device can do with persistent reservations (REPORT CAPABILITIES).
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 8 bytes.
 * @throws {CheckConditionError} when the device refused: older ones do not have this service action.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readReservationCapabilities(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<ReservationCapabilities> {
  const action = PersistentReserveIn.ReportCapabilities;
  const bytes = await ask(unit, action, FIXED_ALLOCATION, options);
  return decodeReservationCapabilities(bytes, { unitName: unit.name });
}

/**
 * Asks who is registered, by name, and who holds the reservation (READ FULL STATUS). Errors as
 * {@link readRegisteredKeys}, and for a list that contradicts itself; older devices do not have this service action.
 */
export async function readFullReservationStatus(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<FullReservationStatus> {
  const bytes = await askWhole(unit, PersistentReserveIn.ReadFullStatus, options);
  return decodeFullReservationStatus(bytes, { unitName: unit.name });
}
