/**
 * RESERVE and RELEASE of the whole logical unit (SPC-2 §7.21 to §7.24), PERSISTENT RESERVE IN and OUT (SPC-5 §6.15 to
 * §6.17).
 *
 * @module
 */

import { readU16, readU32 } from "../../scsi/big_endian.ts";
import type { Task } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import { GOOD, type Outcome, RESERVATION_CONFLICT } from "../tape/conditions.ts";
import { CONTROL, type SharedCommand } from "../unit/unit_command.ts";
import { reservationReport, ReserveIn } from "./persistent_reserve_in.ts";
import { ReserveOut, reserveOut } from "./persistent_reserve_out.ts";
import type { ReservableUnit, ReservationHabits } from "./reservable_unit.ts";

const SIX = [0, 0, 0, 0, CONTROL];
const TEN = [0, 0, 0, 0, 0, 0, 0, 0, CONTROL];
const SERVICE_ACTION = 0x1f;
const MAX_LIST_BYTES = 4096;

/** All commands about reservations, without third parties; what a reservation forbids them they tell themselves. */
export function reservationCommands<Unit extends ReservableUnit>(
  habits: ReservationHabits<Unit>,
): SharedCommand<Unit>[] {
  const releasing = (unit: Unit, task: Task) => release(unit, task, habits);
  return [
    { opcode: 0x16, usage: SIX, access: "allowed", execute: reserve },
    { opcode: 0x17, usage: SIX, access: "allowed", allowedWhenReserved: true, execute: releasing },
    { opcode: 0x56, usage: TEN, access: "allowed", execute: reserve },
    { opcode: 0x57, usage: TEN, access: "allowed", allowedWhenReserved: true, execute: releasing },
    ...Object.values(ReserveIn).map((serviceAction): SharedCommand<Unit> => ({
      opcode: 0x5e,
      serviceAction,
      usage: [SERVICE_ACTION, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
      access: "allowed",
      execute: ({ reservations }, { cdb }) => ({
        dataIn: cutToAllocation(
          reservationReport(reservations.persistent, serviceAction, habits.canPersist),
          readU16(cdb, 7),
        ),
      }),
    })),
    ...Object.values(ReserveOut).map((serviceAction): SharedCommand<Unit> => ({
      opcode: 0x5f,
      serviceAction,
      usage: [SERVICE_ACTION, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, CONTROL],
      access: "allowed",
      dataOutLength: (cdb) => Math.min(readU32(cdb, 5), MAX_LIST_BYTES),
      execute: (unit, task) => reserveOut(unit, task, habits),
    })),
  ];
}

/** In conflict once anybody registered for a persistent reservation (SPC-2 §5.5.1). */
function reserve({ reservations }: ReservableUnit, { nexus }: Task): Outcome {
  if (reservations.persistent.registrations.length > 0) return RESERVATION_CONFLICT;
  reservations.unitHolder = nexus;
  return GOOD;
}

/** Does nothing, and is GOOD, for a nexus that holds no reservation. */
function release<Unit extends ReservableUnit>(
  unit: Unit,
  { nexus }: Task,
  { lost }: ReservationHabits<Unit>,
): Outcome {
  const { reservations } = unit;
  if (reservations.persistent.registrations.length > 0) return RESERVATION_CONFLICT;
  if (reservations.unitHolder !== nexus) return GOOD;
  reservations.unitHolder = undefined;
  lost?.(unit, (other) => other === nexus, false);
  return GOOD;
}
