/**
 * Who is registered with a logical unit, by name: the answer to READ FULL STATUS of PERSISTENT RESERVE IN
 * (SPC-5 §6.16).
 *
 * @module
 */

import { readU16, readU32, readU64, writeU16, writeU32, writeU64 } from "../big_endian.ts";
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
import { decodeTransportId, encodeTransportId, type TransportId } from "./transport_id.ts";

/** One registration (READ FULL STATUS). */
export interface Registration {
  /** Its key. */
  readonly key: bigint;
  /** Whether it is for every target port; `targetPort` then says nothing. */
  readonly allTargetPorts: boolean;
  /** Relative target port identifier, 1 to 65535. */
  readonly targetPort: number;
  /** The reservation's type, where this one holds it: one of {@link ReservationType}. Absent where it does not. */
  readonly holds?: number;
  /** Whose it is. Absent when the device sent nothing that could be read. */
  readonly initiator?: TransportId;
}

/** Who is registered and who holds what (READ FULL STATUS). */
export interface FullReservationStatus {
  /** As in `RegisteredKeys`. */
  readonly generation: number;
  /** All registrations, in the device's order. */
  readonly registrations: readonly Registration[];
}

/** Offsets in a full status descriptor. */
const HOLDER_FLAGS = 12;
const HELD_TYPE = 13;
const TARGET_PORT = 18;
const TRANSPORT_ID_LENGTH = 20;
const DESCRIPTOR_LENGTH = 24;
const ALL_TG_PT = 0x02;
const R_HOLDER = 0x01;

function decodeRegistration(bytes: Uint8Array): Registration {
  const flags = bytes[HOLDER_FLAGS];
  const initiator = decodeTransportId(bytes.subarray(DESCRIPTOR_LENGTH));
  return {
    key: readU64(bytes, 0),
    allTargetPorts: (flags & ALL_TG_PT) !== 0,
    targetPort: readU16(bytes, TARGET_PORT),
    ...((flags & R_HOLDER) !== 0 && { holds: bytes[HELD_TYPE] & 0x0f }),
    ...(initiator && { initiator }),
  };
}

/**
 * Decodes the answer to READ FULL STATUS: the registrations that came whole.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes, or a list that is whole does not end with a
 * registration.
 */
export function decodeFullReservationStatus(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): FullReservationStatus {
  checkReportLength(bytes, options);
  const body = reportBody(bytes);
  const registrations: Registration[] = [];
  let at = 0;
  while (at + DESCRIPTOR_LENGTH <= body.length) {
    const next = at + DESCRIPTOR_LENGTH + readU32(body, at + TRANSPORT_ID_LENGTH);
    if (next > body.length) break;
    registrations.push(decodeRegistration(body.subarray(at, next)));
    at = next;
  }
  if (at < body.length && bytes.length >= reportLength(bytes)) {
    throw new UnexpectedResponseError({
      commandName: "PERSISTENT RESERVE IN",
      unitName: options.unitName,
      problem: `${body.length - at} bytes after the last registration`,
    });
  }
  return { generation: reportGeneration(bytes), registrations };
}

function encodeRegistration(registration: Registration): Uint8Array {
  const { key, allTargetPorts, targetPort, holds, initiator } = registration;
  const transportId = initiator ? encodeTransportId(initiator) : new Uint8Array(0);
  const bytes = new Uint8Array(DESCRIPTOR_LENGTH + transportId.length);
  writeU64(bytes, 0, key);
  bytes[HOLDER_FLAGS] = (allTargetPorts ? ALL_TG_PT : 0) | (holds === undefined ? 0 : R_HOLDER);
  bytes[HELD_TYPE] = holds ?? 0;
  writeU16(bytes, TARGET_PORT, targetPort);
  writeU32(bytes, TRANSPORT_ID_LENGTH, transportId.length);
  bytes.set(transportId, DESCRIPTOR_LENGTH);
  return bytes;
}

/** Encodes the answer to READ FULL STATUS. The array is the caller's. */
export function encodeFullReservationStatus(status: FullReservationStatus): Uint8Array {
  const all = status.registrations.map(encodeRegistration);
  const bytes = reportOf(status.generation, all.reduce((sum, each) => sum + each.length, 0));
  let at = HEADER_LENGTH;
  for (const each of all) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}
