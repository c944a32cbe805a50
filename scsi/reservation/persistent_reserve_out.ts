/**
 * PERSISTENT RESERVE OUT: registers with a logical unit, reserves it, and takes it from others (SPC-5 §6.17). A
 * registration belongs to the I_T nexus: over iSCSI the initiator's name and ISID, and the target port. The scope is
 * always the logical unit, the one that is not obsolete.
 *
 * @module
 */

import { writeU32, writeU64 } from "../big_endian.ts";
import { cdbOf, checkedField } from "../cdb_field.ts";
import { type CommandOptions, executeChecked } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import type { ReservationType } from "./reservation_type.ts";

/** What a registration is good for. */
export interface RegistrationBits {
  /**
   * Keeps registrations and reservation through a loss of power, which holds for the whole logical unit from then on
   * (APTPL). Devices that cannot refuse it. @default false
   */
  readonly persistThroughPowerLoss?: boolean;
  /** Registers for every target port at once (ALL_TG_PT). Devices that cannot refuse it. @default false */
  readonly allTargetPorts?: boolean;
}

/** Registers a key, changes it, or takes it back. */
export interface RegisterKey extends RegistrationBits {
  /** REGISTER. */
  readonly action: "register";
  /** The key that is registered now. @default 0n: none is */
  readonly key?: bigint;
  /** The key to register, 64 bits of the caller's choice; 0n takes the registration back, and with it a reservation. */
  readonly newKey: bigint;
}

/** Registers a key whether or not one is registered, for who does not know his own. */
export interface RegisterKeyAnyway extends RegistrationBits {
  /** REGISTER AND IGNORE EXISTING KEY. */
  readonly action: "register-and-ignore-existing-key";
  /** The key to register; 0n takes the registration back. */
  readonly newKey: bigint;
}

/** Reserves the logical unit, or gives it back. */
export interface ReserveOrRelease {
  /** RESERVE, RELEASE. */
  readonly action: "reserve" | "release";
  /** The key that is registered. */
  readonly key: bigint;
  /** What others are kept from; to release, the type that is reserved. */
  readonly type: ReservationType;
}

/** Takes back everyone's registration and reservation. */
export interface ClearReservations {
  /** CLEAR. */
  readonly action: "clear";
  /** The key that is registered. */
  readonly key: bigint;
}

/** Takes away another's registrations, and the reservation if he holds it. */
export interface PreemptReservation {
  /** PREEMPT; PREEMPT AND ABORT aborts his commands too. */
  readonly action: "preempt" | "preempt-and-abort";
  /** The key that is registered. */
  readonly key: bigint;
  /** The key to take away. 0n, where all registrants hold the reservation, for all but one's own. */
  readonly victim: bigint;
  /** What others are kept from, if the victim holds the reservation; ignored if not. */
  readonly type: ReservationType;
}

/** What PERSISTENT RESERVE OUT is to do. */
export type ReservationRequest =
  | RegisterKey
  | RegisterKeyAnyway
  | ReserveOrRelease
  | ClearReservations
  | PreemptReservation;

const SERVICE_ACTIONS: Readonly<Record<ReservationRequest["action"], number>> = {
  register: 0x00,
  reserve: 0x01,
  release: 0x02,
  clear: 0x03,
  preempt: 0x04,
  "preempt-and-abort": 0x05,
  "register-and-ignore-existing-key": 0x06,
};

const LIST_LENGTH = 24;
const SERVICE_ACTION_KEY = 8;
const FLAGS = 20;
const ALL_TG_PT = 0x04;
const APTPL = 0x01;

/**
 * PERSISTENT RESERVE OUT (SPC-5 §6.17), with a parameter list of 24 bytes: {@link encodeReservationRequest}.
 *
 * @throws {RangeError} when the reservation's type does not fit.
 */
export function persistentReserveOutCdb(request: ReservationRequest): Uint8Array {
  const cdb = cdbOf(0x5f);
  cdb[1] = SERVICE_ACTIONS[request.action];
  cdb[2] = "type" in request ? checkedField("a reservation type", request.type, 0xf) : 0;
  writeU32(cdb, 5, LIST_LENGTH);
  return cdb;
}

function checkedKey(key: bigint): bigint {
  if (key === BigInt.asUintN(64, key)) return key;
  throw new RangeError(`Cannot encode a reservation key: ${key} is not in 0 to 2^64 - 1`);
}

/** The key that goes into the second place: a new one, or a victim's. */
function serviceActionKey(request: ReservationRequest): bigint {
  if ("newKey" in request) return request.newKey;
  return "victim" in request ? request.victim : 0n;
}

function flagsOf(request: ReservationRequest): number {
  if (!("newKey" in request)) return 0;
  const { persistThroughPowerLoss = false, allTargetPorts = false } = request;
  return (allTargetPorts ? ALL_TG_PT : 0) | (persistThroughPowerLoss ? APTPL : 0);
}

/**
 * Encodes the parameter list of PERSISTENT RESERVE OUT: 24 bytes, the caller's.
 *
 * @throws {RangeError} when a key is not 0 to 2^64 - 1.
 */
export function encodeReservationRequest(request: ReservationRequest): Uint8Array {
  const bytes = new Uint8Array(LIST_LENGTH);
  const { key = 0n } = "key" in request ? request : {};
  writeU64(bytes, 0, checkedKey(key));
  writeU64(bytes, SERVICE_ACTION_KEY, checkedKey(serviceActionKey(request)));
  bytes[FLAGS] = flagsOf(request);
  return bytes;
}

/**
 * Registers, reserves, releases, clears or preempts. Those whose registration or reservation is taken away learn it
 * by a unit attention (2Ah/03h to 05h).
 *
 * @throws {RangeError} when a key or type does not fit.
 * @throws {ScsiStatusError} with status RESERVATION CONFLICT when the key is not the one that is registered, the
 * victim is not registered, or another holds the logical unit; with another status when the device is busy.
 * @throws {CheckConditionError} when the device refused: a type, bit or action that it does not have, a release of
 * another type than is reserved (26h/04h), or no room for a registration (55h/04h).
 * @throws {ServiceDeliveryError} when no status came back; {@link readFullReservationStatus} then tells what is.
 */
export async function persistentReserveOut(
  unit: LogicalUnit,
  request: ReservationRequest,
  options: CommandOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const dataOut = encodeReservationRequest(request);
  await executeChecked(unit, { cdb: persistentReserveOutCdb(request), dataOut, signal, timeoutMs });
}
