/**
 * RESERVE and RELEASE (SPC-2 §7.21 to §7.24), PERSISTENT RESERVE IN and OUT (SPC-5 §6.16, §6.17) of any unit.
 *
 * @module
 */

import { readU16, readU32, readU64 } from "../../scsi/big_endian.ts";
import { encodeFullReservationStatus } from "../../scsi/reservation/full_reservation_status.ts";
import {
  encodeRegisteredKeys,
  encodeReservationCapabilities,
  encodeReservationReport,
} from "../../scsi/reservation/reservation_reports.ts";
import { ReservationType } from "../../scsi/reservation/reservation_type.ts";
import type { Nexus, Task } from "../device_server.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import {
  type Condition,
  Conditions,
  failed,
  GOOD,
  invalidField,
  invalidParameter,
} from "../tape/conditions.ts";
import {
  isForRegistrants,
  isHeldByAll,
  isReservationType,
  type RegisteredPort,
} from "../tape/reservations/persistent_reservations.ts";
import { type Answer, CONFLICT, CONTROL, plainUsage, type UnitCommand } from "./unit_command.ts";
import type { UnitState } from "./unit_state.ts";

const ISCSI = 0x5;
/** This target has one port. */
const TARGET_PORT = 1;
const LIST_LENGTH = 24;
const FLAGS = 20;
const ALL_TG_PT = 0x04;

/** INVALID RELEASE OF PERSISTENT RESERVATION. */
const INVALID_RELEASE: Condition = { key: 0x5, asc: 0x26, ascq: 0x04 };
const RESERVATIONS_PREEMPTED: Condition = { key: 0x6, asc: 0x2a, ascq: 0x03 };
const RESERVATIONS_RELEASED: Condition = { key: 0x6, asc: 0x2a, ascq: 0x04 };
const REGISTRATIONS_PREEMPTED: Condition = { key: 0x6, asc: 0x2a, ascq: 0x05 };

const TYPES = Object.values(ReservationType);

type Command = UnitCommand<UnitState>;

/** All commands about reservations. */
export const RESERVATION_COMMANDS: readonly Command[] = [
  { opcode: 0x16, usage: plainUsage(6), execute: reserveUnit },
  { opcode: 0x56, usage: plainUsage(10), execute: reserveUnit },
  ...[plainUsage(6), plainUsage(10)].map((usage): Command => ({
    opcode: usage.length === 5 ? 0x17 : 0x57,
    usage,
    access: "allowed",
    allowedWhenReserved: true,
    execute: releaseUnit,
  })),
  ...reserveIn(0x00, keys),
  ...reserveIn(0x01, reservation),
  ...reserveIn(0x02, capabilities),
  ...reserveIn(0x03, fullStatus),
  ...reserveOut(0x00, (state, request) => register(state, request, false)),
  ...reserveOut(0x01, reserve),
  ...reserveOut(0x02, release),
  ...reserveOut(0x03, clear),
  ...reserveOut(0x04, preempt),
  // Tasks are executed one at a time, so none of the victim's is left to be aborted here.
  ...reserveOut(0x05, preempt),
  ...reserveOut(0x06, (state, request) => register(state, request, true)),
];

/** SPC-2 §5.5.1: with registrations about, RESERVE and RELEASE are for those who do not know them, and in conflict. */
function reserveUnit({ reservations }: UnitState, { nexus }: Task): Answer {
  if (reservations.persistent.registrations.length > 0) return CONFLICT;
  reservations.unitHolder = nexus;
  return GOOD;
}

/** Does nothing, and is GOOD, for a nexus that holds no reservation. */
function releaseUnit({ reservations }: UnitState, { nexus }: Task): Answer {
  if (reservations.persistent.registrations.length > 0) return CONFLICT;
  if (reservations.unitHolder === nexus) reservations.unitHolder = undefined;
  return GOOD;
}

function reserveIn(serviceAction: number, report: (state: UnitState) => Uint8Array): Command[] {
  return [{
    opcode: 0x5e,
    serviceAction,
    usage: [0x1f, 0, 0, 0, 0, 0, 0xff, 0xff, CONTROL],
    access: "allowed",
    execute: (state, { cdb }) => ({ dataIn: cutToAllocation(report(state), readU16(cdb, 7)) }),
  }];
}

function keys({ reservations: { persistent } }: UnitState): Uint8Array {
  const { generation, registrations } = persistent;
  return encodeRegisteredKeys({ generation, keys: registrations.map(({ key }) => key) });
}

function reservation({ reservations: { persistent } }: UnitState): Uint8Array {
  const { generation, reservation: held } = persistent;
  if (held === undefined) return encodeReservationReport({ generation });
  const key = held.holder === undefined ? 0n : persistent.keyOf(held.holder) ?? 0n;
  return encodeReservationReport({ generation, reservation: { key, type: held.type, scope: 0 } });
}

function capabilities(): Uint8Array {
  return encodeReservationCapabilities({
    replacesLost: false,
    compatibleHandling: false,
    specifiesInitiators: false,
    allTargetPorts: true,
    canPersist: false,
    persists: false,
    allowCommands: 0,
    types: TYPES,
  });
}

function fullStatus({ reservations: { persistent } }: UnitState): Uint8Array {
  const type = persistent.reservation?.type;
  const registrations = persistent.registrations.map(({ key, port }) => ({
    key,
    allTargetPorts: false,
    targetPort: TARGET_PORT,
    ...(type !== undefined && persistent.holds(port) && { holds: type }),
    initiator: { protocol: ISCSI, name: port.initiatorName, isid: port.isid },
  }));
  return encodeFullReservationStatus({ generation: persistent.generation, registrations });
}

/** What PERSISTENT RESERVE OUT asks for. */
interface Request {
  readonly nexus: Nexus;
  readonly type: number;
  readonly key: bigint;
  readonly serviceActionKey: bigint;
}

type Execute = (state: UnitState, request: Request) => Answer;

function reserveOut(serviceAction: number, execute: Execute): Command[] {
  return [{
    opcode: 0x5f,
    serviceAction,
    usage: [0x1f, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, CONTROL],
    access: "allowed",
    dataOutLength: (cdb) => Math.min(readU32(cdb, 5), LIST_LENGTH),
    execute: (state, task) => checked(state, task, execute),
  }];
}

/** SPEC_I_PT is refused, and so is APTPL: nothing here outlasts the process. */
function checked(state: UnitState, { cdb, dataOut, nexus }: Task, execute: Execute): Answer {
  if (readU32(cdb, 5) !== LIST_LENGTH || dataOut.length < LIST_LENGTH) {
    return failed(Conditions.parameterListLength);
  }
  const flags = dataOut[FLAGS];
  if ((flags & ~ALL_TG_PT) !== 0) {
    return invalidParameter(FLAGS, 31 - Math.clz32(flags & ~ALL_TG_PT));
  }
  const request = {
    nexus,
    type: cdb[2],
    key: readU64(dataOut, 0),
    serviceActionKey: readU64(dataOut, 8),
  };
  return execute(state, request);
}

function register(state: UnitState, request: Request, ignoresKey: boolean): Answer {
  const { reservations: { persistent } } = state;
  const { nexus, key, serviceActionKey } = request;
  const own = persistent.keyOf(nexus);
  if (!ignoresKey && key !== (own ?? 0n)) return CONFLICT;
  if (serviceActionKey !== 0n) persistent.register(nexus, serviceActionKey);
  else if (own !== undefined && persistent.unregister(nexus)) {
    tellRegistrants(state, RESERVATIONS_RELEASED, nexus);
  }
  return GOOD;
}

/** Why a request of one who has to be registered cannot be granted. */
function unfit({ reservations }: UnitState, { nexus, key }: Request): Answer | undefined {
  return reservations.persistent.keyOf(nexus) === key ? undefined : CONFLICT;
}

function unknownType(type: number): Answer | undefined {
  if (type >> 4 !== 0) return invalidField(2, 7);
  return isReservationType(type) ? undefined : invalidField(2, 3);
}

function reserve(state: UnitState, request: Request): Answer {
  const { persistent } = state.reservations;
  const { nexus, type } = request;
  const refused = unfit(state, request) ?? unknownType(type);
  if (refused !== undefined) return refused;
  const held = persistent.reservation;
  if (held === undefined) persistent.reserve(nexus, type);
  else if (!persistent.holds(nexus) || held.type !== type) return CONFLICT;
  return GOOD;
}

function release(state: UnitState, request: Request): Answer {
  const { persistent } = state.reservations;
  const { nexus, type } = request;
  const refused = unfit(state, request);
  if (refused !== undefined) return refused;
  const held = persistent.reservation;
  if (held === undefined || !persistent.holds(nexus)) return GOOD;
  if (held.type !== type) return failed(INVALID_RELEASE);
  persistent.release();
  if (isForRegistrants(type)) tellRegistrants(state, RESERVATIONS_RELEASED, nexus);
  return GOOD;
}

function clear(state: UnitState, request: Request): Answer {
  const refused = unfit(state, request);
  if (refused !== undefined) return refused;
  tellRegistrants(state, RESERVATIONS_PREEMPTED, request.nexus);
  state.reservations.persistent.clear();
  return GOOD;
}

/** SPC-5 §5.14.11.2.4. */
function preempt(state: UnitState, request: Request): Answer {
  const { persistent } = state.reservations;
  const { nexus, type, serviceActionKey: victim } = request;
  const refused = unfit(state, request);
  if (refused !== undefined) return refused;
  const held = persistent.reservation;
  const takesOver = held !== undefined && isTakenOver(state, held, victim);
  if (victim === 0n && !takesOver) return invalidParameter(8);
  const wrongType = takesOver ? unknownType(type) : undefined;
  if (wrongType !== undefined) return wrongType;
  const isThere = persistent.registrations.some(({ key }) => victim === 0n || key === victim);
  if (!isThere) return CONFLICT;
  const removed = persistent.remove(nexus, ({ key }) => victim === 0n || key === victim);
  if (takesOver) persistent.reserve(nexus, type);
  tell(state, removed, REGISTRATIONS_PREEMPTED);
  if (takesOver && held.type !== type && isForRegistrants(held.type)) {
    tellRegistrants(state, RESERVATIONS_RELEASED, nexus);
  }
  return GOOD;
}

/** Whether the victim holds the reservation; where all registrants do, key 0 means all of them. */
function isTakenOver(
  { reservations: { persistent } }: UnitState,
  held: { readonly type: number; readonly holder: RegisteredPort | undefined },
  victim: bigint,
): boolean {
  if (isHeldByAll(held.type)) return victim === 0n;
  return held.holder !== undefined && persistent.keyOf(held.holder) === victim;
}

function tellRegistrants(state: UnitState, condition: Condition, except: Nexus): void {
  const { registrations } = state.reservations.persistent;
  const others = registrations.map(({ port }) => port).filter((port) => !isAt(except, port));
  tell(state, others, condition);
}

function tell(state: UnitState, ports: readonly RegisteredPort[], condition: Condition): void {
  state.attentions.raiseFor((nexus) => ports.some((port) => isAt(nexus, port)), condition);
}

function isAt(nexus: Nexus, { initiatorName, isid }: RegisteredPort): boolean {
  return nexus.initiatorName === initiatorName && nexus.isid === isid;
}
