/**
 * RESERVE and RELEASE of the whole logical unit (SPC-2 §7.21 to §7.24).
 *
 * @module
 */

import type { Task } from "../../device_server.ts";
import { GOOD, type Outcome, RESERVATION_CONFLICT } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";

const SIX = [0, 0, 0, 0, CONTROL];
const TEN = [0, 0, 0, 0, 0, 0, 0, 0, CONTROL];

/** RESERVE (6) and (10), RELEASE (6) and (10), without third parties. */
export const RESERVATION_COMMANDS: readonly DriveCommand[] = [
  { opcode: 0x16, usage: SIX, access: "allowed", execute: reserve },
  { opcode: 0x17, usage: SIX, allowedWhenReserved: true, execute: release },
  { opcode: 0x56, usage: TEN, access: "allowed", execute: reserve },
  { opcode: 0x57, usage: TEN, allowedWhenReserved: true, execute: release },
];

/** In conflict once anybody registered for a persistent reservation (SPC-5 §5.14.3). */
function reserve(drive: DriveState, { nexus }: Task): Outcome {
  const { reservations } = drive;
  if (reservations.persistent.registrations.length > 0) return RESERVATION_CONFLICT;
  reservations.unitHolder = nexus;
  return GOOD;
}

/** Does nothing, and is GOOD, for a nexus that holds no reservation. */
function release(drive: DriveState, { nexus }: Task): Outcome {
  const { reservations } = drive;
  if (reservations.persistent.registrations.length > 0) return RESERVATION_CONFLICT;
  if (reservations.unitHolder !== nexus) return GOOD;
  reservations.unitHolder = undefined;
  drive.encryption.reservationLost((other) => other === nexus, false);
  return GOOD;
}
