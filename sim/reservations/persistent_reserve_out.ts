/**
 * PERSISTENT RESERVE OUT (SPC-5 §6.16).
 *
 * @module
 */

import { readU32, readU64 } from "../../scsi/big_endian.ts";
import type { Nexus, Task } from "../device_server.ts";
import {
  type Condition,
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
  type Outcome,
  RESERVATION_CONFLICT,
} from "../tape/conditions.ts";
import type { UnitAttentions } from "../tape/unit_attentions.ts";
import {
  isForRegistrants,
  isHeldByAll,
  isReservationType,
  isSamePort,
  type PersistentReservations,
} from "./persistent_reservations.ts";
import type { ReservableUnit, ReservationHabits } from "./reservable_unit.ts";

/** Service actions of PERSISTENT RESERVE OUT. */
export const ReserveOut = {
  Register: 0,
  Reserve: 1,
  Release: 2,
  Clear: 3,
  Preempt: 4,
  PreemptAndAbort: 5,
  RegisterAndIgnore: 6,
} as const;

const SERVICE_ACTION = 0x1f;
const LIST_LENGTH = 24;

// The parameter list.
const KEY = 0;
const SERVICE_ACTION_KEY = 8;
const FLAGS = 20;
const SPECIFY_INITIATORS = 0x08;
const PERSIST = 0x01;

/** The unit, as far as it matters here. */
interface Host {
  readonly reservations: PersistentReservations;
  readonly unitHolder: Nexus | undefined;
  readonly attentions: UnitAttentions;
  lost(isLoser: (nexus: Nexus) => boolean, isPreempted: boolean): void;
}

/** Executes PERSISTENT RESERVE OUT. */
export function reserveOut<Unit extends ReservableUnit>(
  unit: Unit,
  task: Task,
  habits: ReservationHabits<Unit>,
): Outcome {
  const { lost } = habits;
  const host: Host = {
    reservations: unit.reservations.persistent,
    unitHolder: unit.reservations.unitHolder,
    attentions: unit.attentions,
    lost: (isLoser, isPreempted) => lost?.(unit, isLoser, isPreempted),
  };
  return perform(host, task, habits.canPersist);
}

function perform(host: Host, task: Task, canPersist: boolean): Outcome {
  const { cdb, dataOut } = task;
  const length = readU32(cdb, 5);
  if (length !== LIST_LENGTH || dataOut.length < length) {
    return failed(Conditions.parameterListLength);
  }
  const action = cdb[1] & SERVICE_ACTION;
  const isRegistering = action === ReserveOut.Register || action === ReserveOut.RegisterAndIgnore;
  if ((dataOut[FLAGS] & SPECIFY_INITIATORS) !== 0) return invalidParameter(FLAGS, 3);
  // Without registering, APTPL and ALL_TG_PT are ignored (SPC-5 table 218).
  if (isRegistering && !canPersist && (dataOut[FLAGS] & PERSIST) !== 0) {
    return invalidParameter(FLAGS, 0);
  }
  if (isRegistering) return register(host, task, action === ReserveOut.RegisterAndIgnore);
  if (host.reservations.keyOf(task.nexus) !== readU64(dataOut, KEY)) {
    return RESERVATION_CONFLICT;
  }
  return ACTIONS[action](host, task);
}

const ACTIONS: Readonly<Record<number, (host: Host, task: Task) => Outcome>> = {
  [ReserveOut.Reserve]: reserve,
  [ReserveOut.Release]: release,
  [ReserveOut.Clear]: clear,
  [ReserveOut.Preempt]: preempt,
  [ReserveOut.PreemptAndAbort]: preempt,
};

function register(host: Host, { dataOut, nexus }: Task, ignoresKey: boolean): Outcome {
  const { reservations } = host;
  const present = reservations.keyOf(nexus);
  if (!ignoresKey && (present ?? 0n) !== readU64(dataOut, KEY)) return RESERVATION_CONFLICT;
  const key = readU64(dataOut, SERVICE_ACTION_KEY);
  if (key !== 0n && !reservations.hasRoomFor(nexus)) {
    return failed(Conditions.registrationResources);
  }
  reservations.persistThroughPowerLoss = (dataOut[FLAGS] & PERSIST) !== 0;
  if (key !== 0n) reservations.register(nexus, key);
  else if (present !== undefined) unregister(host, nexus);
  return GOOD;
}

function unregister(host: Host, nexus: Nexus): void {
  const { reservations } = host;
  const isHolder = reservations.holds(nexus);
  const isReleased = reservations.unregister(nexus);
  if (isHolder) host.lost((other) => other === nexus, false);
  if (isReleased) tellRegistrants(host, nexus, Conditions.reservationsReleased);
}

/** Scope LOGICAL UNIT (0), and a type that there is. */
function checkType(cdb: Uint8Array): Outcome | undefined {
  if (cdb[2] >> 4 !== 0) return invalidField(2, 7);
  return isReservationType(cdb[2] & 0x0f) ? undefined : invalidField(2, 3);
}

function reserve(host: Host, { cdb, nexus }: Task): Outcome {
  const refused = checkType(cdb);
  if (refused !== undefined) return refused;
  const { unitHolder, reservations } = host;
  const { reservation } = reservations;
  const type = cdb[2] & 0x0f;
  if (unitHolder !== undefined) return RESERVATION_CONFLICT;
  if (reservation !== undefined) {
    const isSame = reservations.holds(nexus) && reservation.type === type;
    return isSame ? GOOD : RESERVATION_CONFLICT;
  }
  reservations.reserve(nexus, type);
  return GOOD;
}

function release(host: Host, { cdb, nexus }: Task): Outcome {
  const { reservations } = host;
  const { reservation } = reservations;
  if (reservation === undefined || !reservations.holds(nexus)) return GOOD;
  if (checkType(cdb) !== undefined || reservation.type !== (cdb[2] & 0x0f)) {
    return failed(Conditions.invalidRelease);
  }
  reservations.release();
  host.lost((other) => other === nexus, false);
  if (isForRegistrants(reservation.type)) {
    tellRegistrants(host, nexus, Conditions.reservationsReleased);
  }
  return GOOD;
}

function clear(host: Host, { nexus }: Task): Outcome {
  const { reservations } = host;
  tellRegistrants(host, nexus, Conditions.reservationsPreempted);
  host.lost((other) => reservations.holds(other), false);
  reservations.clear();
  return GOOD;
}

function preempt(host: Host, { cdb, dataOut, nexus }: Task): Outcome {
  const { reservations } = host;
  const { reservation } = reservations;
  const victim = readU64(dataOut, SERVICE_ACTION_KEY);
  const isAll = reservation !== undefined && isHeldByAll(reservation.type);
  if (victim === 0n && !isAll) return invalidParameter(SERVICE_ACTION_KEY);
  const holder = reservation?.holder;
  const takesReservation = reservation !== undefined &&
    (holder === undefined ? victim === 0n : reservations.keyOf(holder) === victim);
  if (takesReservation) {
    const refused = checkType(cdb);
    if (refused !== undefined) return refused;
  }
  const isKnown = victim === 0n || reservations.registrations.some(({ key }) => key === victim);
  if (!isKnown) return RESERVATION_CONFLICT;
  const victims = reservations.remove(nexus, ({ key }) => victim === 0n || key === victim);
  if (takesReservation) takeOver(host, nexus, cdb[2] & 0x0f, reservation.type);
  for (const nexusOfVictim of victims) {
    host.attentions.raiseFor(
      (other) => isSamePort(other, nexusOfVictim),
      Conditions.registrationsPreempted,
    );
  }
  if ((cdb[1] & SERVICE_ACTION) !== ReserveOut.PreemptAndAbort) return GOOD;
  return { aborts: (other) => victims.some((port) => isSamePort(port, other)) };
}

function takeOver(host: Host, nexus: Nexus, type: number, formerType: number): void {
  const { reservations } = host;
  reservations.reserve(nexus, type);
  host.lost((other) => other !== nexus, true);
  if (type !== formerType) tellRegistrants(host, nexus, Conditions.reservationsReleased);
}

/** To every registered nexus but this one. */
function tellRegistrants(host: Host, except: Nexus, condition: Condition): void {
  const { reservations } = host;
  host.attentions.raiseFor(
    (other) => other !== except && reservations.keyOf(other) !== undefined,
    condition,
  );
}
