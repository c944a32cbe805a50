/**
 * Vital product data: INQUIRY pages that name a device (SPC-5 §7.7).
 *
 * @module
 */

import { readAscii, writeAscii } from "./ascii.ts";
import { readU16, writeU16 } from "./big_endian.ts";
import { inquiryCdb } from "./cdb.ts";
import { decodeDesignators, type Designator } from "./designator.ts";
import { CheckConditionError } from "./errors.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";
import { SenseKey } from "./sense_codes.ts";

/** Page codes of vital product data that this package reads. */
export const VpdPage = {
  SupportedPages: 0x00,
  UnitSerialNumber: 0x80,
  DeviceIdentification: 0x83,
} as const;

/** One of the page codes of {@link VpdPage}. */
export type VpdPage = (typeof VpdPage)[keyof typeof VpdPage];

const PAGE_CODE = 1;
const PAGE_LENGTH = 2;
const HEADER_LENGTH = 4;

/** Enough for nearly every page, and within one byte for devices that look at one byte only. */
const FIRST_ALLOCATION = 252;
const MAX_ALLOCATION = 0xffff;

/** A vital product data page without its meaning. */
export interface VpdPageData {
  /** Peripheral device type. */
  readonly deviceType: number;
  /** Which page it is. */
  readonly pageCode: number;
  /** What follows the four-byte header, as far as it came: a view of the decoded array. */
  readonly body: Uint8Array;
  /** Bytes of body that the device has; more than `body.length` when the answer was cut. */
  readonly bodyLength: number;
}

/** Takes a page's header off. `undefined` when there are fewer than the four bytes of a header. Never throws. */
export function decodeVpdPage(bytes: Uint8Array): VpdPageData | undefined {
  if (bytes.length < HEADER_LENGTH) return undefined;
  const bodyLength = readU16(bytes, PAGE_LENGTH);
  return {
    deviceType: bytes[0] & 0x1f,
    pageCode: bytes[PAGE_CODE],
    body: bytes.subarray(HEADER_LENGTH, HEADER_LENGTH + bodyLength),
    bodyLength,
  };
}

/** Puts a header before the body of a page. The array is the caller's. */
export function encodeVpdPage(deviceType: number, pageCode: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + body.length);
  bytes[0] = deviceType;
  bytes[PAGE_CODE] = pageCode;
  writeU16(bytes, PAGE_LENGTH, body.length);
  bytes.set(body, HEADER_LENGTH);
  return bytes;
}

/** The body of page 80h: the serial number in ASCII. The array is the caller's. */
export function encodeSerialNumber(serialNumber: string): Uint8Array {
  const body = new Uint8Array(serialNumber.length);
  writeAscii(body, 0, body.length, serialNumber);
  return body;
}

/** The serial number that the body of page 80h holds, trimmed. */
export function decodeSerialNumber(body: Uint8Array): string {
  return readAscii(body, 0, body.length);
}

function isIllegalRequest(error: unknown): boolean {
  return error instanceof CheckConditionError && error.sense.key === SenseKey.IllegalRequest;
}

async function readPage(
  unit: LogicalUnit,
  vpdPage: number,
  allocation: number,
  options: CommandOptions,
): Promise<VpdPageData | undefined> {
  const cdb = inquiryCdb(allocation, { vpdPage });
  const page = decodeVpdPage(await executeDataIn(unit, cdb, allocation, options));
  if (page?.pageCode !== vpdPage) return undefined;
  // A device that ignores EVPD sends standard INQUIRY data, where the removable bit looks like page 80h and the
  // version like a length that no answer of this size could have.
  const cameShort = page.body.length < page.bodyLength &&
    page.body.length + HEADER_LENGTH < allocation;
  return cameShort && vpdPage === VpdPage.UnitSerialNumber ? undefined : page;
}

/**
 * Reads a vital product data page, whole. Resolves to its body without the header, or to `undefined` when the
 * device does not have the page (it refuses with ILLEGAL REQUEST, or answers with another one). The array is the
 * caller's.
 *
 * @throws {RangeError} when `page` is not 0 to 255.
 * @throws {ScsiStatusError} when the device refused for another reason.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readVpdPage(
  unit: LogicalUnit,
  page: number,
  options: CommandOptions = {},
): Promise<Uint8Array | undefined> {
  try {
    const first = await readPage(unit, page, FIRST_ALLOCATION, options);
    const whole = (first?.bodyLength ?? 0) + HEADER_LENGTH;
    if (whole <= FIRST_ALLOCATION) return first?.body;
    return (await readPage(unit, page, Math.min(whole, MAX_ALLOCATION), options))?.body;
  } catch (error) {
    if (isIllegalRequest(error)) return undefined;
    throw error;
  }
}

/** Page codes that the device has (page 00h, SPC-5 §7.7.18); empty when it has none. Errors as {@link readVpdPage}. */
export async function readSupportedVpdPages(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<number[]> {
  return Array.from(await readVpdPage(unit, VpdPage.SupportedPages, options) ?? []);
}

/**
 * The unit serial number (page 80h, SPC-5 §7.7.19); `undefined` when the device gives none. Errors as {@link
 * readVpdPage}.
 */
export async function readSerialNumber(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<string | undefined> {
  const body = await readVpdPage(unit, VpdPage.UnitSerialNumber, options);
  return (body && decodeSerialNumber(body)) || undefined;
}

/** The device's names (page 83h, SPC-5 §7.7.6); empty when it gives none. Errors as {@link readVpdPage}. */
export async function readDesignators(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<Designator[]> {
  const body = await readVpdPage(unit, VpdPage.DeviceIdentification, options);
  return body ? decodeDesignators(body) : [];
}
