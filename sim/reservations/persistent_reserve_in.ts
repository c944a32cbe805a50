/**
 * What PERSISTENT RESERVE IN reports (SPC-5 §6.15).
 *
 * @module
 */

import { encodeFullReservationStatus } from "../../scsi/reservation/full_reservation_status.ts";
import {
  encodeRegisteredKeys,
  encodeReservationCapabilities,
  encodeReservationReport,
} from "../../scsi/reservation/reservation_reports.ts";
import { ReservationType } from "../../scsi/reservation/reservation_type.ts";
import type { PersistentReservations } from "./persistent_reservations.ts";

/** Service actions of PERSISTENT RESERVE IN. */
export const ReserveIn = { Keys: 0, Reservation: 1, Capabilities: 2, FullStatus: 3 } as const;

/** SCSI protocol identifier of iSCSI (SPC-5 table 477). */
const ISCSI = 0x5;
/** The target has one port. */
const TARGET_PORT = 1;
/** Commands that a reservation lets through are those of SPC-5 tables 66 and 67 that every unit must let through. */
const ALLOW_COMMANDS = 1;

/** The parameter data of one service action, whole. */
export function reservationReport(
  reservations: PersistentReservations,
  serviceAction: number,
  canPersist: boolean,
): Uint8Array {
  const { generation, registrations } = reservations;
  switch (serviceAction) {
    case ReserveIn.Keys:
      return encodeRegisteredKeys({ generation, keys: registrations.map(({ key }) => key) });
    case ReserveIn.Reservation:
      return heldReservation(reservations);
    case ReserveIn.Capabilities:
      return encodeReservationCapabilities({
        replacesLost: false,
        compatibleHandling: false,
        specifiesInitiators: false,
        allTargetPorts: true,
        canPersist,
        persists: reservations.persistThroughPowerLoss,
        allowCommands: ALLOW_COMMANDS,
        types: Object.values(ReservationType),
      });
    default:
      return fullStatus(reservations);
  }
}

function heldReservation(reservations: PersistentReservations): Uint8Array {
  const { generation, reservation } = reservations;
  const holder = reservation?.holder;
  const key = holder === undefined ? 0n : reservations.keyOf(holder) ?? 0n;
  return encodeReservationReport({
    generation,
    ...(reservation && { reservation: { key, type: reservation.type, scope: 0 } }),
  });
}

function fullStatus(reservations: PersistentReservations): Uint8Array {
  const { generation, registrations, reservation } = reservations;
  return encodeFullReservationStatus({
    generation,
    registrations: registrations.map(({ port, key }) => ({
      key,
      allTargetPorts: true,
      targetPort: TARGET_PORT,
      ...(reservations.holds(port) && { holds: reservation?.type }),
      initiator: { protocol: ISCSI, name: port.initiatorName, isid: port.isid },
    })),
  });
}
