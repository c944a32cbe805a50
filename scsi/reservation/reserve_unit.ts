/**
 * RESERVE(6) and RELEASE(6): the whole logical unit for one initiator, until it logs out or the unit is reset
 * (SPC-2, obsolete since SPC-3). Old drives, and Linux's tape driver, use nothing else.
 *
 * @module
 */

import { cdbOf } from "../cdb_field.ts";
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

/**
 * Reserves a logical unit for this initiator. Reserving again what one has is no error.
 *
 * @throws {ScsiStatusError} with status RESERVATION CONFLICT when another initiator has it reserved, or is
 * registered for persistent reservations; with another status when the device is busy.
 * @throws {CheckConditionError} when the device refused: it may know persistent reservations only.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function reserveUnit(unit: LogicalUnit, options: CommandOptions = {}): Promise<void> {
  const { signal, timeoutMs } = options;
  await executeChecked(unit, { cdb: reserve6Cdb(), signal, timeoutMs });
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
  const { signal, timeoutMs } = options;
  await executeChecked(unit, { cdb: release6Cdb(), signal, timeoutMs });
}
