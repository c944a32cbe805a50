/**
 * Command descriptor blocks of media changers (SMC-3 §6). Each builder returns a new array, the caller's. Element
 * addresses are 0 to 65535; a value that does not fit its field throws a `RangeError`.
 *
 * @module
 */

import { writeU16, writeU24 } from "../scsi/big_endian.ts";
import { cdbOf, checkedField } from "../scsi/cdb_field.ts";
import type { ElementTypeCode } from "../scsi/element/element_type.ts";

/** Bytes of the vendor's INITIALIZE ELEMENT STATUS WITH RANGE, whose group leaves the length open. */
const VENDOR_RANGE_LENGTH = 10;

const INITIALIZE_RANGE = 0x37;
const INITIALIZE_RANGE_VENDOR = 0xe7;

/** A run of elements: those from `first` on, `count` at most. */
export interface ElementRange {
  /** Address of the first element, 0 to 65535. */
  readonly first: number;
  /** How many, 0 to 65535. */
  readonly count: number;
}

/** What READ ELEMENT STATUS is asked for. */
export interface ElementStatusRequest extends ElementRange {
  /** Which type of element; 0 for all. */
  readonly type: ElementTypeCode | 0;
  /** Asks for volume tags, which are what is read off the barcode labels (VOLTAG). @default false */
  readonly volumeTags?: boolean;
  /** Asks for the identifiers of the drives (DVCID). @default false */
  readonly deviceIds?: boolean;
  /** Asks for what is known without moving anything (CURDATA). @default false */
  readonly currentData?: boolean;
}

function writeAddress(cdb: Uint8Array, at: number, address: number): void {
  writeU16(cdb, at, checkedField("an element address", address, 0xffff));
}

function writeRange(cdb: Uint8Array, firstAt: number, countAt: number, range: ElementRange): void {
  writeAddress(cdb, firstAt, range.first);
  writeU16(cdb, countAt, checkedField("a number of elements", range.count, 0xffff));
}

/**
 * READ ELEMENT STATUS (SMC-3 §6.11).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 16777215.
 */
export function readElementStatusCdb(
  allocationLength: number,
  request: ElementStatusRequest,
): Uint8Array {
  const cdb = cdbOf(0xb8);
  cdb[1] = (request.volumeTags ? 0x10 : 0) | request.type;
  writeRange(cdb, 2, 4, request);
  cdb[6] = (request.currentData ? 0x02 : 0) | (request.deviceIds ? 0x01 : 0);
  writeU24(cdb, 7, checkedField("an allocation length", allocationLength, 0xffffff));
  return cdb;
}

/** What is moved, by which arm: element addresses. */
export interface MediumMove {
  /** The arm; 0 lets the changer choose. @default 0 */
  readonly transport?: number;
  /** Where the cartridge is. */
  readonly source: number;
  /** Where it goes. */
  readonly destination: number;
  /** Turns it over on the way. @default false */
  readonly invert?: boolean;
}

/** MOVE MEDIUM (SMC-3 §6.5). */
export function moveMediumCdb(move: MediumMove): Uint8Array {
  const { transport = 0, source, destination, invert = false } = move;
  const cdb = cdbOf(0xa5);
  writeAddress(cdb, 2, transport);
  writeAddress(cdb, 4, source);
  writeAddress(cdb, 6, destination);
  cdb[10] = invert ? 0x01 : 0;
  return cdb;
}

/** Two moves in one: element addresses. */
export interface MediumExchange {
  /** The arm; 0 lets the changer choose. @default 0 */
  readonly transport?: number;
  /** Where the first cartridge is. */
  readonly source: number;
  /** Where it goes, and the second cartridge is. */
  readonly firstDestination: number;
  /** Where the second cartridge goes; the source, to swap the two. */
  readonly secondDestination: number;
}

/** EXCHANGE MEDIUM (SMC-3 §6.2), without turning either cartridge over. */
export function exchangeMediumCdb(exchange: MediumExchange): Uint8Array {
  const { transport = 0, source, firstDestination, secondDestination } = exchange;
  const cdb = cdbOf(0xa6);
  [transport, source, firstDestination, secondDestination]
    .forEach((address, i) => writeAddress(cdb, 2 + 2 * i, address));
  return cdb;
}

/** POSITION TO ELEMENT (SMC-3 §6.8): moves the arm in front of an element. */
export function positionToElementCdb(transport: number, destination: number): Uint8Array {
  const cdb = cdbOf(0x2b);
  writeAddress(cdb, 2, transport);
  writeAddress(cdb, 4, destination);
  return cdb;
}

/** INITIALIZE ELEMENT STATUS (SMC-3 §6.3): looks at every element. */
export function initializeElementStatusCdb(): Uint8Array {
  return cdbOf(0x07);
}

/** Options of {@link initializeRangeCdb}. */
export interface InitializeRangeOptions {
  /** Scans only what may have changed (FAST). @default false */
  readonly fast?: boolean;
  /** The vendor's operation code E7h, which older libraries have, instead of 37h. @default false */
  readonly vendorCode?: boolean;
}

/** INITIALIZE ELEMENT STATUS WITH RANGE (SMC-3 §6.4). */
export function initializeRangeCdb(
  range: ElementRange,
  options: InitializeRangeOptions = {},
): Uint8Array {
  const { fast = false, vendorCode = false } = options;
  const cdb = vendorCode ? new Uint8Array(VENDOR_RANGE_LENGTH) : cdbOf(INITIALIZE_RANGE);
  if (vendorCode) cdb[0] = INITIALIZE_RANGE_VENDOR;
  // RANGE: the range counts; without it all elements are meant.
  cdb[1] = (fast ? 0x02 : 0) | 0x01;
  writeRange(cdb, 2, 6, range);
  return cdb;
}

/** OPEN/CLOSE IMPORT/EXPORT ELEMENT (SMC-3 §6.7). */
export function openCloseImportExportCdb(address: number, action: "open" | "close"): Uint8Array {
  const cdb = cdbOf(0x1b);
  writeAddress(cdb, 2, address);
  cdb[4] = action === "open" ? 0x00 : 0x01;
  return cdb;
}

/** PREVENT ALLOW MEDIUM REMOVAL (SPC-5 §6.19). */
export function preventAllowCdb(prevent: boolean): Uint8Array {
  const cdb = cdbOf(0x1e);
  cdb[4] = prevent ? 0x01 : 0;
  return cdb;
}

/** What SEND VOLUME TAG does that we have a use for (SMC-3 §6.14, SEND ACTION CODE). */
export const SEARCH_PRIMARY_IGNORING_SEQUENCE = 0x05;

/** Bytes of the parameter list of SEND VOLUME TAG. */
export const VOLUME_TAG_LIST_LENGTH = 40;

/** SEND VOLUME TAG (SMC-3 §6.14), for elements of all types; its list is {@link VOLUME_TAG_LIST_LENGTH} long. */
export function sendVolumeTagCdb(sendAction: number): Uint8Array {
  const cdb = cdbOf(0xb6);
  cdb[5] = checkedField("a send action code", sendAction, 0x1f);
  writeU16(cdb, 8, VOLUME_TAG_LIST_LENGTH);
  return cdb;
}

/**
 * REQUEST VOLUME ELEMENT ADDRESS (SMC-3 §6.13): what the search of SEND VOLUME TAG found.
 *
 * @param allocationLength Bytes of room for the answer, 0 to 16777215.
 */
export function requestVolumeElementAddressCdb(
  allocationLength: number,
  range: ElementRange,
): Uint8Array {
  const cdb = cdbOf(0xb5);
  cdb[1] = 0x10;
  writeRange(cdb, 2, 4, range);
  writeU24(cdb, 7, checkedField("an allocation length", allocationLength, 0xffffff));
  return cdb;
}
