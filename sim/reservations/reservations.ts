/**
 * Who has claims on a logical unit: RESERVE of SPC-2, and the persistent reservations of SPC-5 §5.14.
 *
 * @module
 */

import type { Nexus } from "../device_server.ts";
import { PersistentReservations } from "./persistent_reservations.ts";

/** Which commands of others a reservation lets through (SPC-5 tables 66 and 67). */
export type ReservationAccess =
  /** Never in conflict. */
  | "allowed"
  /** In conflict with exclusive access, and not with write exclusive: it reads. */
  | "read"
  /** In conflict with every reservation that is another's. */
  | "write";

/** The claims on one logical unit. */
export class Reservations {
  /** Who holds the RESERVE (6) reservation. */
  unitHolder: Nexus | undefined;
  readonly persistent: PersistentReservations = new PersistentReservations();

  /** Whether a command of this nexus meets somebody else's reservation. */
  isConflict(nexus: Nexus, access: ReservationAccess, allowedWhenReserved: boolean): boolean {
    if (this.unitHolder !== undefined && this.unitHolder !== nexus) return !allowedWhenReserved;
    return access !== "allowed" && this.persistent.isConflict(nexus, access === "read");
  }

  /** A nexus is gone: its RESERVE goes too; what is registered persists. */
  nexusLost(nexus: Nexus): void {
    if (this.unitHolder === nexus) this.unitHolder = undefined;
  }

  /** LOGICAL UNIT RESET ends a RESERVE, and nothing persistent. */
  reset(): void {
    this.unitHolder = undefined;
  }

  /** The power was off. */
  powerLost(): void {
    this.unitHolder = undefined;
    this.persistent.powerLost();
  }
}
