/**
 * Standard INQUIRY data: what a device is (SPC-5 §6.7.2).
 *
 * @module
 */

import { readAscii, writeAscii } from "./ascii.ts";
import { readU16, writeU16 } from "./big_endian.ts";
import { inquiryCdb } from "./cdb.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";

const DEVICE_TYPE = 0;
const REMOVABLE = 1;
const VERSION = 2;
const RESPONSE_DATA_FORMAT = 3;
const ADDITIONAL_LENGTH = 4;
const PROTECT = 5;
const COMMAND_QUEUING = 7;
const VENDOR = 8;
const PRODUCT = 16;
const REVISION = 32;
const VENDOR_SPECIFIC = 36;
const VERSION_DESCRIPTORS = 58;

const VENDOR_LENGTH = 8;
const PRODUCT_LENGTH = 16;
const REVISION_LENGTH = 4;
const VENDOR_SPECIFIC_LENGTH = 20;
const MAX_VERSION_DESCRIPTORS = 8;

/** Without the version descriptors, and with them. */
const SHORT_LENGTH = 36;
const LONG_LENGTH = VERSION_DESCRIPTORS + 2 * MAX_VERSION_DESCRIPTORS;

const MIN_LENGTH = 5;
/** Room for all that the standard defines, and the length that most initiators ask with. */
const ALLOCATION_LENGTH = 96;

/** Decoded standard INQUIRY data. Fields beyond the end of short data are empty. */
export interface InquiryData {
  /** 0: a device is connected. 1: none is, but one could be. 3: there can be none at this LUN. */
  readonly peripheralQualifier: number;
  /** Peripheral device type: 01h tape, 08h media changer, 00h disk, 1Fh none; names by `deviceTypeName`. */
  readonly deviceType: number;
  /** RMB: the medium can be taken out. */
  readonly removable: boolean;
  /** Version of the standard that the device claims: 05h SPC-3, 06h SPC-4, 07h SPC-5. */
  readonly version: number;
  /** Response data format, 2 for everything since SCSI-2. */
  readonly responseDataFormat: number;
  /** PROTECT: supports protection information; on tapes, logical block protection. */
  readonly protect: boolean;
  /** CMDQUE: takes more than one command at a time. */
  readonly commandQueuing: boolean;
  /** T10 vendor identification, at most 8 characters, trimmed. */
  readonly vendor: string;
  /** Product identification, at most 16 characters, trimmed. */
  readonly product: string;
  /** Product revision level, at most 4 characters, trimmed. */
  readonly revision: string;
  /** Bytes 36 to 55 as far as they came: a view of the decoded array. */
  readonly vendorSpecific: Uint8Array;
  /** Codes of the standards that the device claims to follow; zeros left out. */
  readonly versionDescriptors: readonly number[];
}

/** Options of the functions that decode answers. */
export interface DecodeOptions {
  /** Name of the logical unit in error messages. @default "the device" */
  unitName?: string;
}

function readVersionDescriptors(bytes: Uint8Array): number[] {
  const codes: number[] = [];
  const end = Math.min(bytes.length, LONG_LENGTH);
  for (let at = VERSION_DESCRIPTORS; at + 2 <= end; at += 2) codes.push(readU16(bytes, at));
  return codes.filter((code) => code !== 0);
}

/**
 * Decodes standard INQUIRY data of any length from 5 bytes.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 5 bytes.
 */
export function decodeInquiry(bytes: Uint8Array, options: DecodeOptions = {}): InquiryData {
  if (bytes.length < MIN_LENGTH) {
    throw new UnexpectedResponseError({
      commandName: "INQUIRY",
      unitName: options.unitName,
      problem: `${bytes.length} bytes, at least ${MIN_LENGTH} needed`,
    });
  }
  return {
    peripheralQualifier: bytes[DEVICE_TYPE] >> 5,
    deviceType: bytes[DEVICE_TYPE] & 0x1f,
    removable: (bytes[REMOVABLE] & 0x80) !== 0,
    version: bytes[VERSION],
    responseDataFormat: bytes[RESPONSE_DATA_FORMAT] & 0x0f,
    protect: (bytes[PROTECT] & 0x01) !== 0,
    commandQueuing: (bytes[COMMAND_QUEUING] & 0x02) !== 0,
    vendor: readAscii(bytes, VENDOR, VENDOR_LENGTH),
    product: readAscii(bytes, PRODUCT, PRODUCT_LENGTH),
    revision: readAscii(bytes, REVISION, REVISION_LENGTH),
    vendorSpecific: bytes.subarray(VENDOR_SPECIFIC, VENDOR_SPECIFIC + VENDOR_SPECIFIC_LENGTH),
    versionDescriptors: readVersionDescriptors(bytes),
  };
}

/** What to put into standard INQUIRY data. */
export interface InquiryInput extends Partial<Omit<InquiryData, "responseDataFormat">> {
  /** Peripheral device type. */
  readonly deviceType: number;
  /** At most 8 characters. */
  readonly vendor: string;
  /** At most 16 characters. */
  readonly product: string;
  /** At most 4 characters. */
  readonly revision: string;
}

/**
 * Encodes standard INQUIRY data: 36 bytes, or 74 when there are vendor specific bytes (at most 20) or version
 * descriptors (at most 8). Text is cut to its field. The version is SPC-4 (06h) unless given. The array is the
 * caller's.
 */
export function encodeInquiry(inquiry: InquiryInput): Uint8Array {
  const { vendorSpecific = new Uint8Array(0), versionDescriptors = [] } = inquiry;
  const isLong = vendorSpecific.length > 0 || versionDescriptors.length > 0;
  const bytes = new Uint8Array(isLong ? LONG_LENGTH : SHORT_LENGTH);
  bytes[DEVICE_TYPE] = ((inquiry.peripheralQualifier ?? 0) << 5) | inquiry.deviceType;
  bytes[REMOVABLE] = inquiry.removable ? 0x80 : 0;
  bytes[VERSION] = inquiry.version ?? 0x06;
  bytes[RESPONSE_DATA_FORMAT] = 0x02;
  bytes[ADDITIONAL_LENGTH] = bytes.length - ADDITIONAL_LENGTH - 1;
  bytes[PROTECT] = inquiry.protect ? 0x01 : 0;
  bytes[COMMAND_QUEUING] = inquiry.commandQueuing ? 0x02 : 0;
  writeAscii(bytes, VENDOR, VENDOR_LENGTH, inquiry.vendor);
  writeAscii(bytes, PRODUCT, PRODUCT_LENGTH, inquiry.product);
  writeAscii(bytes, REVISION, REVISION_LENGTH, inquiry.revision);
  if (isLong) {
    bytes.set(vendorSpecific.subarray(0, VENDOR_SPECIFIC_LENGTH), VENDOR_SPECIFIC);
    versionDescriptors.slice(0, MAX_VERSION_DESCRIPTORS)
      .forEach((code, i) => writeU16(bytes, VERSION_DESCRIPTORS + 2 * i, code));
  }
  return bytes;
}

/**
 * Asks a logical unit what it is. Devices answer this in any state.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 5 bytes.
 * @throws {ScsiStatusError} when the device refused ({@link CheckConditionError} with the reason).
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function inquiry(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<InquiryData> {
  const cdb = inquiryCdb(ALLOCATION_LENGTH);
  const bytes = await executeDataIn(unit, cdb, ALLOCATION_LENGTH, options);
  return decodeInquiry(bytes, { unitName: unit.name });
}
