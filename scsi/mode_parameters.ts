/**
 * The parameter list of MODE SENSE and MODE SELECT: a header, at most one block descriptor, and pages (SPC-5 §7.5).
 *
 * @module
 */

import { readU16, readU24, writeU16, writeU24 } from "./big_endian.ts";
import { UnexpectedResponseError } from "./errors.ts";
import type { DecodeOptions } from "./inquiry.ts";

/** Which of the two headers: that of MODE SENSE(6) and SELECT(6), or of the ten-byte commands. */
export type ModeForm = 6 | 10;

/** The short block descriptor as tapes use it (SSC-4 §8.3.1 general block descriptor). */
export interface BlockDescriptor {
  /** Density code: 00h default, 7Fh in MODE SELECT for no change. */
  readonly densityCode: number;
  /** Number of blocks that the descriptor covers; 0 for all the rest. */
  readonly blockCount: number;
  /** Bytes of a block; 0 for variable length. */
  readonly blockBytes: number;
}

/** One mode page. */
export interface ModePage {
  /** Page code, 0 to 63. */
  readonly page: number;
  /** Subpage code; 0 for a page in page_0 format. */
  readonly subpage: number;
  /** PS bit: the device can save the page. */
  readonly saveable: boolean;
  /** The page from its first byte on, header included, so that offsets are those of the standards. */
  readonly bytes: Uint8Array;
}

/** What is in a mode parameter list. */
export interface ModeParameters {
  /** Medium type, a device type's own. */
  readonly mediumType: number;
  /** Device-specific parameter; for tapes see {@link decodeTapeParameter}. */
  readonly deviceSpecific: number;
  /** The first block descriptor; absent when there is none, or it is a long one (LONGLBA). */
  readonly blockDescriptor?: BlockDescriptor;
  /** Pages, in the order of the list. */
  readonly pages: readonly ModePage[];
}

/** A decoded mode parameter list; its pages are views of the decoded array. */
export interface DecodedModeParameters extends ModeParameters {
  /** Whether the list ends in the middle of something: what was cut is left out. */
  readonly truncated: boolean;
  /** Bytes that the mode data length field says the whole list has, itself included. */
  readonly totalLength: number;
}

/** Where the fields of a header are. */
interface HeaderLayout {
  readonly length: number;
  readonly mediumType: number;
  readonly deviceSpecific: number;
  readonly descriptorLength: number;
  /** Bytes of the mode data length and of the block descriptor length. */
  readonly lengthBytes: 1 | 2;
}

const HEADERS: Readonly<Record<ModeForm, HeaderLayout>> = {
  6: { length: 4, mediumType: 1, deviceSpecific: 2, descriptorLength: 3, lengthBytes: 1 },
  10: { length: 8, mediumType: 2, deviceSpecific: 3, descriptorLength: 6, lengthBytes: 2 },
};

/** LONGLBA, in the header of the ten-byte commands only. */
const LONG_LBA_BYTE = 4;
const LONG_LBA = 0x01;

const DESCRIPTOR_LENGTH = 8;
const PAGE_SAVEABLE = 0x80;
const SUBPAGE_FORMAT = 0x40;

function readLength(bytes: Uint8Array, at: number, lengthBytes: 1 | 2): number {
  return lengthBytes === 1 ? bytes[at] : readU16(bytes, at);
}

function writeLength(bytes: Uint8Array, at: number, lengthBytes: 1 | 2, value: number): void {
  if (lengthBytes === 1) bytes[at] = value;
  else writeU16(bytes, at, value);
}

function decodeDescriptor(bytes: Uint8Array): BlockDescriptor {
  return { densityCode: bytes[0], blockCount: readU24(bytes, 1), blockBytes: readU24(bytes, 5) };
}

/** Bytes of a page's header, and where it ends, as far as its first bytes tell. */
function pageEnd(bytes: Uint8Array, at: number): number {
  return (bytes[at] & SUBPAGE_FORMAT) === 0
    ? at + 2 + (bytes[at + 1] ?? Infinity)
    : at + 4 + (at + 4 <= bytes.length ? readU16(bytes, at + 2) : Infinity);
}

function decodePages(bytes: Uint8Array): { pages: ModePage[]; cut: boolean } {
  const pages: ModePage[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = pageEnd(bytes, at);
    if (end > bytes.length) return { pages, cut: true };
    pages.push({
      page: bytes[at] & 0x3f,
      subpage: (bytes[at] & SUBPAGE_FORMAT) === 0 ? 0 : bytes[at + 1],
      saveable: (bytes[at] & PAGE_SAVEABLE) !== 0,
      bytes: bytes.subarray(at, end),
    });
    at = end;
  }
  return { pages, cut: false };
}

/**
 * Decodes a mode parameter list. What is cut off at the end is left out, and `truncated` says so.
 *
 * @throws {UnexpectedResponseError} when it is shorter than the header.
 */
export function decodeModeParameters(
  bytes: Uint8Array,
  form: ModeForm,
  options: DecodeOptions = {},
): DecodedModeParameters {
  const header = HEADERS[form];
  if (bytes.length < header.length) {
    throw new UnexpectedResponseError({
      commandName: `MODE SENSE(${form})`,
      unitName: options.unitName,
      problem: `${bytes.length} bytes, at least ${header.length} needed`,
    });
  }
  const declared = readLength(bytes, 0, header.lengthBytes) + header.lengthBytes;
  // MODE SELECT has 0 there, and so have some devices: then the list is what came.
  const totalLength = declared < header.length ? bytes.length : declared;
  const end = Math.min(bytes.length, totalLength);
  const descriptors = readLength(bytes, header.descriptorLength, header.lengthBytes);
  const pagesAt = header.length + descriptors;
  const isLong = form === 10 && (bytes[LONG_LBA_BYTE] & LONG_LBA) !== 0;
  const hasDescriptor = !isLong && descriptors >= DESCRIPTOR_LENGTH &&
    end >= header.length + DESCRIPTOR_LENGTH;
  const { pages, cut } = decodePages(bytes.subarray(pagesAt, Math.max(pagesAt, end)));
  return {
    mediumType: bytes[header.mediumType],
    deviceSpecific: bytes[header.deviceSpecific],
    ...(hasDescriptor && { blockDescriptor: decodeDescriptor(bytes.subarray(header.length)) }),
    pages,
    truncated: cut || totalLength > bytes.length || pagesAt > end,
    totalLength,
  };
}

function encodeParameters(parameters: ModeParameters, form: ModeForm): Uint8Array {
  const header = HEADERS[form];
  const { blockDescriptor, pages } = parameters;
  const descriptorLength = blockDescriptor ? DESCRIPTOR_LENGTH : 0;
  let at = header.length + descriptorLength;
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.bytes.length, at));
  bytes[header.mediumType] = parameters.mediumType;
  bytes[header.deviceSpecific] = parameters.deviceSpecific;
  writeLength(bytes, header.descriptorLength, header.lengthBytes, descriptorLength);
  if (blockDescriptor) {
    bytes[header.length] = blockDescriptor.densityCode;
    writeU24(bytes, header.length + 1, blockDescriptor.blockCount);
    writeU24(bytes, header.length + 5, blockDescriptor.blockBytes);
  }
  for (const page of pages) {
    bytes.set(page.bytes, at);
    at += page.bytes.length;
  }
  return bytes;
}

/**
 * Encodes what a device answers to MODE SENSE. The array is the caller's.
 *
 * @throws {RangeError} when the list is longer than the six-byte form can tell (256 bytes).
 */
export function encodeModeSenseData(parameters: ModeParameters, form: ModeForm): Uint8Array {
  const bytes = encodeParameters(parameters, form);
  const { lengthBytes } = HEADERS[form];
  const dataLength = bytes.length - lengthBytes;
  if (dataLength >= 1 << (8 * lengthBytes)) {
    throw new RangeError(`Cannot encode mode parameters: ${bytes.length} bytes do not fit`);
  }
  writeLength(bytes, 0, lengthBytes, dataLength);
  return bytes;
}

/** WP of tapes and disks: reported, and not to be sent back (SSC-4 §8.3.1). */
const WRITE_PROTECTED = 0x80;

/**
 * Encodes what an initiator sends with MODE SELECT: as MODE SENSE gave it, but with the mode data length, the PS
 * bits and the write protection, which are reserved there, at 0. The array is the caller's.
 */
export function encodeModeSelectData(parameters: ModeParameters, form: ModeForm): Uint8Array {
  const bytes = encodeParameters(parameters, form);
  const header = HEADERS[form];
  bytes[header.deviceSpecific] &= ~WRITE_PROTECTED;
  let at = header.length + (parameters.blockDescriptor ? DESCRIPTOR_LENGTH : 0);
  for (const page of parameters.pages) {
    bytes[at] &= ~PAGE_SAVEABLE;
    at += page.bytes.length;
  }
  return bytes;
}

/** The device-specific parameter of tapes (SSC-4 §8.3.1). */
export interface TapeParameter {
  /** WP: the medium, or the drive, refuses to write. */
  readonly writeProtected: boolean;
  /** Buffered mode: 0 GOOD only once the data is on the medium, 1 once it is in the buffer. */
  readonly bufferedMode: number;
  /** Speed, 0 for the device's default. */
  readonly speed: number;
}

/** Decodes the device-specific parameter of a tape. */
export function decodeTapeParameter(deviceSpecific: number): TapeParameter {
  return {
    writeProtected: (deviceSpecific & WRITE_PROTECTED) !== 0,
    bufferedMode: (deviceSpecific >> 4) & 0x07,
    speed: deviceSpecific & 0x0f,
  };
}

/** Encodes the device-specific parameter of a tape. */
export function encodeTapeParameter(parameter: TapeParameter): number {
  const { writeProtected, bufferedMode, speed } = parameter;
  return (writeProtected ? WRITE_PROTECTED : 0) | ((bufferedMode & 0x07) << 4) | (speed & 0x0f);
}
