/**
 * What the state of every simulated unit that is made of a command table has.
 *
 * @module
 */

import type { Condition } from "../tape/conditions.ts";
import type { Reservations } from "../reservations/reservations.ts";
import type { UnitAttentions } from "../tape/unit_attentions.ts";
import type { UnitModes } from "./unit_modes.ts";

/** Who a unit says it is. */
export interface UnitIdentity {
  /** T10 vendor identification, up to 8 characters. */
  readonly vendor: string;
  /** Product identification, up to 16 characters. */
  readonly product: string;
  /** Product revision level, up to 4 characters. */
  readonly revision: string;
  /** Serial number, ASCII. */
  readonly serialNumber: string;
}

/** The state of one unit. */
export interface UnitState {
  /** Peripheral device type. */
  readonly deviceType: number;
  readonly identity: UnitIdentity;
  readonly attentions: UnitAttentions;
  readonly reservations: Reservations;
  readonly modes: UnitModes;
  /** Why a command that needs the unit to be ready cannot be executed now. */
  readiness(): Condition | undefined;
}
