/**
 * RESERVE and RELEASE of the whole logical unit (SPC-2 §7.21 to §7.24).
 *
 * @module
 */

import type { Task } from "../../device_server.ts";
import { GOOD, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveState } from "../drive_state.ts";

const SIX = [0, 0, 0, 0, CONTROL];
const TEN = [0, 0, 0, 0, 0, 0, 0, 0, CONTROL];

/** RESERVE (6) and (10), RELEASE (6) and (10), without third parties. */
export const RESERVATION_COMMANDS: readonly DriveCommand[] = [
  { opcode: 0x16, usage: SIX, execute: reserve },
  { opcode: 0x17, usage: SIX, allowedWhenReserved: true, execute: release },
  { opcode: 0x56, usage: TEN, execute: reserve },
  { opcode: 0x57, usage: TEN, allowedWhenReserved: true, execute: release },
];

function reserve(drive: DriveState, { nexus }: Task): Outcome {
  drive.reservedBy = nexus;
  return GOOD;
}

/** Does nothing, and is GOOD, for a nexus that holds no reservation. */
function release(drive: DriveState, { nexus }: Task): Outcome {
  if (drive.reservedBy === nexus) drive.reservedBy = undefined;
  return GOOD;
}
