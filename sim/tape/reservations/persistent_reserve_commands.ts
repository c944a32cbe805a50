/**
 * PERSISTENT RESERVE IN and OUT (SPC-5 §6.15 to §6.17).
 *
 * @module
 */

import { readU16, readU32, readU64 } from "../../../scsi/big_endian.ts";
import { encodeFullReservationStatus } from "../../../scsi/reservation/full_reservation_status.ts";
import {
  encodeRegisteredKeys,
  encodeReservationCapabilities,
  encodeReservationReport,
} from "../../../scsi/reservation/reservation_reports.ts";
import { ReservationType } from "../../../scsi/reservation/reservation_type.ts";
import type { Nexus, Task } from "../../device_server.ts";
import { CONTROL, type DriveCommand } from "../commands/drive_command.ts";
import { cutToAllocation } from "../commands/transfer_length.ts";
import {
  type Condition,
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
  RESERVATION_CONFLICT,
} from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import {
  isForRegistrants,
  isHeldByAll,
  isReservationType,
  type RegisteredPort,
} from "./persistent_reservations.ts";

const SERVICE_ACTION = 0x1f;
const LIST_LENGTH = 24;
const MAX_LIST_BYTES = 4096;
const ISCSI = 0x5;
const TARGET_PORT = 1;

// Parameter list of PERSISTENT RESERVE OUT.
const KEY = 0;
const SERVICE_ACTION_KEY = 8;
const FLAGS = 20;
const SPECIFY_INITIATORS = 0x08;
const ALL_TARGET_PORTS = 0x04;
const PERSIST = 0x01;

/** Service actions of PERSISTENT RESERVE IN. */
const In = { Keys: 0, Reservation: 1, Capabilities: 2, FullStatus: 3 } as const;

/** Service actions of PERSISTENT RESERVE OUT. */
const Out = {
  Register: 0,
  Reserve: 1,
  Release: 2,
  Clear: 3,
  Preempt: 4,
  PreemptAndAbort: 5,
  RegisterAndIgnore: 6,
} as const;

/** The commands about persistent reservations; what may not be done because of one they tell themselves. */
export const PERSISTENT_RESERVE_COMMANDS: readonly DriveCommand[] = [
  ...Object.values(In).map((serviceAction): DriveCommand => ({
    opcode: 0x5e,
    serviceAction,
    usage: [SERVICE_ACTION, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
    access: "allowed",
    execute: (drive, { cdb }) => ({
      dataIn: cutToAllocation(report(drive, serviceAction), readU16(cdb, 7)),
    }),
  })),
  ...Object.values(Out).map((serviceAction): DriveCommand => ({
    opcode: 0x5f,
    serviceAction,
    usage: [SERVICE_ACTION, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, CONTROL],
    access: "allowed",
    dataOutLength: (cdb) => Math.min(readU32(cdb, 5), MAX_LIST_BYTES),
    execute: reserveOut,
  })),
];

function report(drive: DriveState, serviceAction: number): Uint8Array {
  const { persistent } = drive.reservations;
  const { generation, registrations, reservation } = persistent;
  switch (serviceAction) {
    case In.Keys:
      return encodeRegisteredKeys({ generation, keys: registrations.map(({ key }) => key) });
    case In.Reservation: {
      const holder = reservation?.holder;
      const key = holder === undefined ? 0n : persistent.keyOf(holder) ?? 0n;
      return encodeReservationReport({
        generation,
        ...(reservation && { reservation: { key, type: reservation.type, scope: 0 } }),
      });
    }
    case In.Capabilities:
      return encodeReservationCapabilities({
        replacesLost: false,
        compatibleHandling: false,
        specifiesInitiators: false,
        allTargetPorts: true,
        canPersist: true,
        persists: persistent.persistThroughPowerLoss,
        allowCommands: 1,
        types: Object.values(ReservationType),
      });
    default:
      return encodeFullReservationStatus({
        generation,
        registrations: registrations.map(({ port, key }) => ({
          key,
          allTargetPorts: true,
          targetPort: TARGET_PORT,
          ...(persistent.holds(port) && { holds: reservation?.type }),
          initiator: { protocol: ISCSI, name: port.initiatorName, isid: port.isid },
        })),
      });
  }
}

function reserveOut(drive: DriveState, task: Task): Outcome {
  const { cdb, dataOut } = task;
  const length = readU32(cdb, 5);
  if (length !== LIST_LENGTH || dataOut.length < length) {
    return failed(Conditions.parameterListLength);
  }
  const action = cdb[1] & SERVICE_ACTION;
  const isRegistering = action === Out.Register || action === Out.RegisterAndIgnore;
  if ((dataOut[FLAGS] & SPECIFY_INITIATORS) !== 0) return invalidParameter(FLAGS, 3);
  if (!isRegistering && (dataOut[FLAGS] & (ALL_TARGET_PORTS | PERSIST)) !== 0) {
    return invalidParameter(FLAGS, 2);
  }
  if (isRegistering) return register(drive, task, action === Out.RegisterAndIgnore);
  if (drive.reservations.persistent.keyOf(task.nexus) !== readU64(dataOut, KEY)) {
    return RESERVATION_CONFLICT;
  }
  return ACTIONS[action](drive, task);
}

const ACTIONS: Readonly<Record<number, (drive: DriveState, task: Task) => Outcome>> = {
  [Out.Reserve]: reserve,
  [Out.Release]: release,
  [Out.Clear]: clear,
  [Out.Preempt]: preempt,
  [Out.PreemptAndAbort]: preempt,
};

function register(drive: DriveState, { dataOut, nexus }: Task, ignoresKey: boolean): Outcome {
  const { persistent } = drive.reservations;
  const present = persistent.keyOf(nexus);
  if (!ignoresKey && (present ?? 0n) !== readU64(dataOut, KEY)) return RESERVATION_CONFLICT;
  const key = readU64(dataOut, SERVICE_ACTION_KEY);
  persistent.persistThroughPowerLoss = (dataOut[FLAGS] & PERSIST) !== 0;
  if (key !== 0n) persistent.register(nexus, key);
  else if (present !== undefined) unregister(drive, nexus);
  return GOOD;
}

function unregister(drive: DriveState, nexus: Nexus): void {
  const { persistent } = drive.reservations;
  const isHolder = persistent.holds(nexus);
  const isReleased = persistent.unregister(nexus);
  if (isHolder) drive.encryption.reservationLost((other) => other === nexus, false);
  if (isReleased) tellRegistrants(drive, nexus, Conditions.reservationsReleased);
}

/** Scope LOGICAL UNIT (0), and a type that there is. */
function checkType(cdb: Uint8Array): Outcome | undefined {
  if (cdb[2] >> 4 !== 0) return invalidField(2, 7);
  return isReservationType(cdb[2] & 0x0f) ? undefined : invalidField(2, 3);
}

function reserve(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const refused = checkType(cdb);
  if (refused !== undefined) return refused;
  const { unitHolder, persistent } = drive.reservations;
  const { reservation } = persistent;
  const type = cdb[2] & 0x0f;
  if (unitHolder !== undefined) return RESERVATION_CONFLICT;
  if (reservation !== undefined) {
    const isSame = persistent.holds(nexus) && reservation.type === type;
    return isSame ? GOOD : RESERVATION_CONFLICT;
  }
  persistent.reserve(nexus, type);
  return GOOD;
}

function release(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const { persistent } = drive.reservations;
  const { reservation } = persistent;
  if (reservation === undefined || !persistent.holds(nexus)) return GOOD;
  if (checkType(cdb) !== undefined || reservation.type !== (cdb[2] & 0x0f)) {
    return failed(Conditions.invalidRelease);
  }
  persistent.release();
  drive.encryption.reservationLost((other) => other === nexus, false);
  if (isForRegistrants(reservation.type)) {
    tellRegistrants(drive, nexus, Conditions.reservationsReleased);
  }
  return GOOD;
}

function clear(drive: DriveState, { nexus }: Task): Outcome {
  tellRegistrants(drive, nexus, Conditions.reservationsPreempted);
  drive.reservations.persistent.clear();
  return GOOD;
}

/** Tasks of the victims are done already: a drive executes one at a time. */
function preempt(drive: DriveState, { cdb, dataOut, nexus }: Task): Outcome {
  const { persistent } = drive.reservations;
  const { reservation } = persistent;
  const victim = readU64(dataOut, SERVICE_ACTION_KEY);
  const isAll = reservation !== undefined && isHeldByAll(reservation.type);
  if (victim === 0n && !isAll) return invalidParameter(SERVICE_ACTION_KEY);
  const holder = reservation?.holder;
  const takesReservation = reservation !== undefined &&
    (holder === undefined ? victim === 0n : persistent.keyOf(holder) === victim);
  if (takesReservation) {
    const refused = checkType(cdb);
    if (refused !== undefined) return refused;
  }
  const isKnown = victim === 0n || persistent.registrations.some(({ key }) => key === victim);
  if (!isKnown) return RESERVATION_CONFLICT;
  const victims = persistent.remove(nexus, ({ key }) => victim === 0n || key === victim);
  if (takesReservation) takeOver(drive, nexus, cdb[2] & 0x0f, reservation.type);
  for (const nexusOfVictim of victims) {
    drive.attentions.raiseFor(
      (other) => isPort(other, nexusOfVictim),
      Conditions.registrationsPreempted,
    );
  }
  return GOOD;
}

function takeOver(drive: DriveState, nexus: Nexus, type: number, formerType: number): void {
  const { persistent } = drive.reservations;
  persistent.reserve(nexus, type);
  drive.encryption.reservationLost((other) => other !== nexus, true);
  if (type !== formerType) tellRegistrants(drive, nexus, Conditions.reservationsReleased);
}

/** To every registered nexus but this one. */
function tellRegistrants(drive: DriveState, except: Nexus, condition: Condition): void {
  const { persistent } = drive.reservations;
  drive.attentions.raiseFor(
    (other) => other !== except && persistent.keyOf(other) !== undefined,
    condition,
  );
}

function isPort(nexus: Nexus, port: RegisteredPort): boolean {
  return nexus.initiatorName === port.initiatorName && nexus.isid === port.isid;
}
