/**
 * What the commands about reservations need of a logical unit.
 *
 * @module
 */

import type { Nexus } from "../device_server.ts";
import type { UnitAttentions } from "../tape/unit_attentions.ts";
import type { Reservations } from "./reservations.ts";

/** A logical unit that can be reserved. */
export interface ReservableUnit {
  readonly reservations: Reservations;
  readonly attentions: UnitAttentions;
}

/** How one kind of unit deals with reservations. */
export interface ReservationHabits<Unit> {
  /** Whether reservations outlast a loss of power where that is asked for (APTPL). */
  readonly canPersist: boolean;
  /** Nexuses have lost the reservation that they held. @default nothing else depends on it */
  readonly lost?: (unit: Unit, isLoser: (nexus: Nexus) => boolean, isPreempted: boolean) => void;
}
