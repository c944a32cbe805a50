/**
 * SECURITY PROTOCOL IN and SECURITY PROTOCOL OUT: the envelope of every security protocol (SPC-5 §6.40, §6.41).
 *
 * @module
 */

import { readU16, writeU16, writeU32 } from "../big_endian.ts";
import { cdbOf, checkedField } from "../cdb_field.ts";
import { UnexpectedResponseError } from "../errors.ts";
import { type CommandOptions, executeChecked, executeDataIn } from "../execute.ts";
import { hexByte } from "../hex_byte.ts";
import type { LogicalUnit } from "../logical_unit.ts";

/** Security protocols that this package knows (SPC-5 §6.40). */
export const SecurityProtocol = {
  /** Which protocols a device has. */
  Information: 0x00,
  /** Encryption of tapes (SSC-4). */
  TapeDataEncryption: 0x20,
} as const;

/** One of the values of {@link SecurityProtocol}. */
export type SecurityProtocol = (typeof SecurityProtocol)[keyof typeof SecurityProtocol];

function securityCdb(opcode: number, protocol: number, page: number, length: number): Uint8Array {
  const cdb = cdbOf(opcode);
  cdb[1] = checkedField("a security protocol", protocol, 0xff);
  writeU16(cdb, 2, checkedField("a protocol specific field", page, 0xffff));
  writeU32(cdb, 6, checkedField("a length", length, 0xffffffff));
  return cdb;
}

/**
 * SECURITY PROTOCOL IN (SPC-5 §6.40).
 *
 * @param page The protocol specific field, as a rule a page code.
 * @param allocationLength Bytes of room.
 * @throws {RangeError} when a value does not fit.
 */
export function securityProtocolInCdb(
  protocol: number,
  page: number,
  allocationLength: number,
): Uint8Array {
  return securityCdb(0xa2, protocol, page, allocationLength);
}

/**
 * SECURITY PROTOCOL OUT (SPC-5 §6.41).
 *
 * @param page The protocol specific field, as a rule a page code.
 * @param transferLength Bytes that go with it.
 * @throws {RangeError} when a value does not fit.
 */
export function securityProtocolOutCdb(
  protocol: number,
  page: number,
  transferLength: number,
): Uint8Array {
  return securityCdb(0xb5, protocol, page, transferLength);
}

const PAGE_HEADER = 4;
const FIRST_ALLOCATION = 2048;

/**
 * Reads a page that begins with its code and length, header included, whole. The array is the caller's.
 *
 * @throws {UnexpectedResponseError} when it is shorter than its header, or another page came.
 * @throws {CheckConditionError} when the device refused: it has no such protocol or page.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readSecurityPage(
  unit: LogicalUnit,
  protocol: number,
  page: number,
  options: CommandOptions = {},
): Promise<Uint8Array> {
  const first = await askPage(unit, protocol, page, FIRST_ALLOCATION, options);
  const whole = PAGE_HEADER + readU16(first, 2);
  if (whole <= FIRST_ALLOCATION) return first.subarray(0, whole);
  return await askPage(unit, protocol, page, whole, options);
}

async function askPage(
  unit: LogicalUnit,
  protocol: number,
  page: number,
  room: number,
  options: CommandOptions,
): Promise<Uint8Array> {
  const cdb = securityProtocolInCdb(protocol, page, room);
  const bytes = await executeDataIn(unit, cdb, room, options);
  if (bytes.length >= PAGE_HEADER && readU16(bytes, 0) === page) return bytes;
  throw new UnexpectedResponseError({
    commandName: "SECURITY PROTOCOL IN",
    unitName: unit.name,
    problem: bytes.length < PAGE_HEADER
      ? `${bytes.length} bytes, at least ${PAGE_HEADER} needed`
      : `page ${hexByte(readU16(bytes, 0))}h came, ${hexByte(page)}h was asked for`,
  });
}

/**
 * Sends a page.
 *
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function writeSecurityPage(
  unit: LogicalUnit,
  protocol: number,
  page: Uint8Array,
  options: CommandOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const cdb = securityProtocolOutCdb(protocol, readU16(page, 0), page.length);
  await executeChecked(unit, { cdb, dataOut: page, signal, timeoutMs });
}

/**
 * Which security protocols a device has (protocol 00h, SPC-5).
 *
 * @throws {CheckConditionError} when the device refused: it has none.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readSecurityProtocols(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<number[]> {
  const cdb = securityProtocolInCdb(SecurityProtocol.Information, 0, FIRST_ALLOCATION);
  const bytes = await executeDataIn(unit, cdb, FIRST_ALLOCATION, options);
  return bytes.length < 8 ? [] : Array.from(bytes.subarray(8, 8 + readU16(bytes, 6)));
}
