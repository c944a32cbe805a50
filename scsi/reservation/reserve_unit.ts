/**
 * RESERVE and RELEASE: the whole logical unit for one initiator, until it logs out or the unit is reset
 * (SPC-2, obsolete since SPC-3). Old drives, and Linux's tape driver, use nothing else.
 *
 * @module
 */

import { cdbOf } from "../cdb_field.ts";
import { CheckConditionError } from "../errors.ts";
import { type CommandOptions, executeChecked } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";

/** RESERVE(6) (SPC-2) of the whole logical unit for whoever sends it. */
export function reserve6Cdb(): Uint8Array {
  return cdbOf(0x16);
}

/** RELEASE(6) (SPC-2) of the whole logical unit. */
export function release6Cdb(): Uint8Array {
  return cdbOf(0x17);
}

/** RESERVE(10) (SPC-2) of the whole logical unit for whoever sends it. */
export function reserve10Cdb(): Uint8Array {
  return cdbOf(0x56);
}

/** RELEASE(10) (SPC-2) of the whole logical unit. */
export function release10Cdb(): Uint8Array {
  return cdbOf(0x57);
}

const INVALID_OPERATION_CODE = 0x20;

function isUnknown(error: unknown): boolean {
  return error instanceof CheckConditionError && error.sense.asc === INVALID_OPERATION_CODE;
}

/** Some drives have the ten-byte form alone. */
async function eitherForm(
  unit: LogicalUnit,
  cdbs: readonly [six: Uint8Array, ten: Uint8Array],
  options: CommandOptions,
): Promise<void> {
  const { signal, timeoutMs } = options;
  try {
    await executeChecked(unit, { cdb: cdbs[0], signal, timeoutMs });
  } catch (error) {
    if (!isUnknown(error)) throw error;
    await executeChecked(unit, { cdb: cdbs[1], signal, timeoutMs });
  }
}

/**
 * Reserves a logical unit for this initiator. Reserving again what one has is no error.
 *
 * @throws {ScsiStatusError} with status RESERVATION CONFLICT when another initiator has it reserved, or is
 * registered for persistent reservations; with another status when the device is busy.
 * @throws {CheckConditionError} when the device refused: it may know persistent reservations only.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function reserveUnit(unit: LogicalUnit, options: CommandOptions = {}): Promise<void> {
  await eitherForm(unit, [reserve6Cdb(), reserve10Cdb()], options);
}

/**
 * Gives back what {@link reserveUnit} reserved. When this initiator has nothing reserved, the device does nothing and
 * says GOOD.
 *
 * @throws {ScsiStatusError} when the device answered a status other than GOOD.
 * @throws {CheckConditionError} when it refused: it may know persistent reservations only.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function releaseUnit(unit: LogicalUnit, options: CommandOptions = {}): Promise<void> {
  await eitherForm(unit, [release6Cdb(), release10Cdb()], options);
}
