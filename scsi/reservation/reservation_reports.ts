/**
 * What PERSISTENT RESERVE IN tells of keys, reservation and capabilities (SPC-5 §6.16).
 *
 * @module
 */

import { readU64, writeU16, writeU64 } from "../big_endian.ts";
import { UnexpectedResponseError } from "../errors.ts";
import type { DecodeOptions } from "../inquiry.ts";
import {
  checkReportLength,
  HEADER_LENGTH,
  reportBody,
  reportGeneration,
  reportLength,
  reportOf,
} from "./report_header.ts";

/** Who is registered (READ KEYS). */
export interface RegisteredKeys {
  /** Counts registrations and their changes, modulo 2^32; not reservations (PRGENERATION). */
  readonly generation: number;
  /** One reservation key a registration, which may be alike. */
  readonly keys: readonly bigint[];
}

/** A reservation that is in force. */
export interface Reservation {
  /** The holder's key; 0 when every registrant holds it. */
  readonly key: bigint;
  /** What it keeps others from: one of {@link ReservationType}. */
  readonly type: number;
  /** 0 for the logical unit; the others are obsolete. */
  readonly scope: number;
}

/** What is reserved (READ RESERVATION). */
export interface ReservationReport {
  /** As in {@link RegisteredKeys}. */
  readonly generation: number;
  /** Absent when there is none. */
  readonly reservation?: Reservation;
}

/** What a device can do with persistent reservations (REPORT CAPABILITIES). */
export interface ReservationCapabilities {
  /** Takes REPLACE LOST RESERVATION (RLR_C). */
  readonly replacesLost: boolean;
  /** RESERVE and RELEASE beside persistent reservations are treated as SPC-2 has it, with exceptions (CRH). */
  readonly compatibleHandling: boolean;
  /** Takes registrations for other initiators (SIP_C). */
  readonly specifiesInitiators: boolean;
  /** Takes registrations for all target ports at once (ATP_C). */
  readonly allTargetPorts: boolean;
  /** Can keep registrations and reservation through a loss of power (PTPL_C). */
  readonly canPersist: boolean;
  /** Keeps them now (PTPL_A). */
  readonly persists: boolean;
  /** Which commands of others are let through, 1 to 5 (ALLOW COMMANDS); 0 when not told. */
  readonly allowCommands: number;
  /** Types that it takes, in ascending order. Absent when not told (TMV). */
  readonly types?: readonly number[];
}

const KEY_LENGTH = 8;

const RESERVATION_LENGTH = 16;
const SCOPE_AND_TYPE = 21;

const CAPABILITIES_LENGTH = 8;
const TMV = 0x80;

/** Flags of the capabilities: byte and bit. */
const CAPABILITY_FLAGS = {
  replacesLost: [2, 0x80],
  compatibleHandling: [2, 0x10],
  specifiesInitiators: [2, 0x08],
  allTargetPorts: [2, 0x04],
  canPersist: [2, 0x01],
  persists: [3, 0x01],
} as const;

type CapabilityFlag = keyof typeof CAPABILITY_FLAGS;
const CAPABILITY_FLAG_BITS = Object.entries(CAPABILITY_FLAGS) as [
  CapabilityFlag,
  readonly [number, number],
][];

const TYPE_MASK = 4;
const MAX_TYPE = 15;

/**
 * Decodes the answer to READ KEYS: the keys that came whole.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes.
 */
export function decodeRegisteredKeys(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): RegisteredKeys {
  checkReportLength(bytes, options);
  const body = reportBody(bytes);
  const length = Math.floor(body.length / KEY_LENGTH);
  const keys = Array.from({ length }, (_, i) => readU64(body, i * KEY_LENGTH));
  return { generation: reportGeneration(bytes), keys };
}

/** Encodes the answer to READ KEYS. The array is the caller's. */
export function encodeRegisteredKeys({ generation, keys }: RegisteredKeys): Uint8Array {
  const bytes = reportOf(generation, keys.length * KEY_LENGTH);
  keys.forEach((key, i) => writeU64(bytes, HEADER_LENGTH + i * KEY_LENGTH, key));
  return bytes;
}

/**
 * Decodes the answer to READ RESERVATION.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes, or a reservation is cut off.
 */
export function decodeReservationReport(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): ReservationReport {
  checkReportLength(bytes, options);
  const generation = reportGeneration(bytes);
  const announced = reportLength(bytes) - HEADER_LENGTH;
  if (announced === 0) return { generation };
  const whole = HEADER_LENGTH + RESERVATION_LENGTH;
  if (announced < RESERVATION_LENGTH || bytes.length < whole) {
    throw new UnexpectedResponseError({
      commandName: "PERSISTENT RESERVE IN",
      unitName: options.unitName,
      problem: `${bytes.length} bytes that announce ${announced} more, ${whole} needed`,
    });
  }
  const scopeAndType = bytes[SCOPE_AND_TYPE];
  const key = readU64(bytes, HEADER_LENGTH);
  return { generation, reservation: { key, type: scopeAndType & 0x0f, scope: scopeAndType >> 4 } };
}

/** Encodes the answer to READ RESERVATION. The array is the caller's. */
export function encodeReservationReport(report: ReservationReport): Uint8Array {
  const { generation, reservation } = report;
  if (reservation === undefined) return reportOf(generation, 0);
  const bytes = reportOf(generation, RESERVATION_LENGTH);
  writeU64(bytes, HEADER_LENGTH, reservation.key);
  bytes[SCOPE_AND_TYPE] = (reservation.scope << 4) | reservation.type;
  return bytes;
}

/** A mask has a bit for each type, counted from the low end of its first byte. */
function decodeTypeMask(bytes: Uint8Array): number[] {
  const types = Array.from({ length: MAX_TYPE + 1 }, (_, type) => type);
  return types.filter((type) => (bytes[TYPE_MASK + (type >> 3)] & (1 << (type & 7))) !== 0);
}

/**
 * Decodes the answer to REPORT CAPABILITIES.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes.
 */
export function decodeReservationCapabilities(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): ReservationCapabilities {
  checkReportLength(bytes, options);
  const flags = CAPABILITY_FLAG_BITS.map(([name, [at, bit]]) => [name, (bytes[at] & bit) !== 0]);
  return {
    ...Object.fromEntries(flags) as Record<CapabilityFlag, boolean>,
    allowCommands: (bytes[3] >> 4) & 0x07,
    ...((bytes[3] & TMV) !== 0 && { types: decodeTypeMask(bytes) }),
  };
}

/** Encodes the answer to REPORT CAPABILITIES: 8 bytes, the caller's. */
export function encodeReservationCapabilities(capabilities: ReservationCapabilities): Uint8Array {
  const { allowCommands, types } = capabilities;
  const bytes = new Uint8Array(CAPABILITIES_LENGTH);
  writeU16(bytes, 0, CAPABILITIES_LENGTH);
  for (const [name, [at, bit]] of CAPABILITY_FLAG_BITS) if (capabilities[name]) bytes[at] |= bit;
  bytes[3] |= (types ? TMV : 0) | (allowCommands << 4);
  for (const type of types ?? []) bytes[TYPE_MASK + (type >> 3)] |= 1 << (type & 7);
  return bytes;
}
