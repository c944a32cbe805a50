/**
 * Additional Header Segments, between the Basic Header Segment and the header digest (RFC 7143 §11.2.2).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "../../scsi/big_endian.ts";
import { padded } from "./bhs.ts";
import { BHS_CDB_LENGTH } from "./scsi_command.ts";

/** AHSLength (2 bytes) and AHSType (1 byte), which AHSLength does not count. */
const AHS_HEADER_LENGTH = 3;
const AHS_TYPE = 2;
/** Bits 0 and 1 of AHSType are reserved. */
const AHS_TYPE_MASK = 0x3f;
/** Both known types begin with a reserved byte, which AHSLength counts. */
const RESERVED_LENGTH = 1;
const CONTENT = AHS_HEADER_LENGTH + RESERVED_LENGTH;
const BIDIRECTIONAL_READ_AHS_LENGTH = 5;
/** A CDB of 17 bytes, the shortest that has this segment. */
const SHORTEST_EXTENDED_CDB_AHS_LENGTH = 2;

/** The most bytes that all segments of a PDU can have: TotalAHSLength is a byte that counts four-byte words. */
export const MAX_TOTAL_AHS_LENGTH = 1020;

/** Codes of AHSType (RFC 7143 §11.2.2.1). */
export const AhsType = {
  ExtendedCdb: 1,
  BidirectionalReadLength: 2,
} as const;

/** The part of a CDB beyond its 16th byte (RFC 7143 §11.2.2.3). */
export interface ExtendedCdbAhs {
  /** Always 1. */
  readonly type: typeof AhsType.ExtendedCdb;
  /** CDB bytes from the 17th on; decoded, the array is yours. */
  readonly bytes: Uint8Array;
}

/** What a bidirectional command expects to read (RFC 7143 §11.2.2.4). */
export interface BidirectionalReadLengthAhs {
  /** Always 2. */
  readonly type: typeof AhsType.BidirectionalReadLength;
  /** Bytes. */
  readonly expectedReadLength: number;
}

/** A segment of a type that RFC 7143 does not define. */
export interface UnknownAhs {
  /** Always "unknown"; the code is in `code`. */
  readonly type: "unknown";
  /** The code of AHSType, 0 to 63. */
  readonly code: number;
  /** All that AHSLength counts, without padding; decoded, the array is yours. */
  readonly bytes: Uint8Array;
}

/** One Additional Header Segment. */
export type Ahs = ExtendedCdbAhs | BidirectionalReadLengthAhs | UnknownAhs;

/** The segments in the order of the PDU, or what is wrong with them and at which byte. */
export type AhsList =
  | { readonly ok: true; readonly segments: readonly Ahs[] }
  | { readonly ok: false; readonly offset: number; readonly problem: string };

/**
 * The bytes of `segments`, each padded to a four-byte boundary. The array is new and yours; its length in words is
 * the PDU's TotalAHSLength, and must not exceed {@link MAX_TOTAL_AHS_LENGTH}.
 */
export function encodeAhs(segments: readonly Ahs[]): Uint8Array {
  let length = 0;
  for (const ahs of segments) length += padded(AHS_HEADER_LENGTH + lengthOf(ahs));
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const ahs of segments) {
    writeSegment(ahs, bytes, at);
    at += padded(AHS_HEADER_LENGTH + lengthOf(ahs));
  }
  return bytes;
}

/** Reads the segments that fill `bytes`, of which it keeps nothing. Never throws. */
export function decodeAhs(bytes: Uint8Array): AhsList {
  const segments: Ahs[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < AHS_HEADER_LENGTH) return malformed(at, "segment header is cut off");
    const length = readU16(bytes, at);
    const end = at + AHS_HEADER_LENGTH + length;
    if (end > bytes.length) return malformed(at, `AHSLength ${length} reaches beyond the header`);
    const ahs = readSegment(bytes, at, end);
    if (typeof ahs === "string") return malformed(at, ahs);
    segments.push(ahs);
    at = padded(end);
  }
  return { ok: true, segments };
}

/** The segment for what of `cdb` the header cannot hold, a view of it; undefined if the header holds all. */
export function extendedCdb(cdb: Uint8Array): ExtendedCdbAhs | undefined {
  if (cdb.length <= BHS_CDB_LENGTH) return undefined;
  return { type: AhsType.ExtendedCdb, bytes: cdb.subarray(BHS_CDB_LENGTH) };
}

/** The whole CDB: `cdb`, then what an extended CDB segment adds. `cdb` itself if none does, else a new array. */
export function completeCdb(cdb: Uint8Array, segments: readonly Ahs[]): Uint8Array {
  const extension = segments.find((ahs) => ahs.type === AhsType.ExtendedCdb);
  if (extension === undefined) return cdb;
  const whole = new Uint8Array(cdb.length + extension.bytes.length);
  whole.set(cdb);
  whole.set(extension.bytes, cdb.length);
  return whole;
}

/** AHSLength: what follows AHSType, without padding. */
function lengthOf(ahs: Ahs): number {
  switch (ahs.type) {
    case AhsType.ExtendedCdb:
      return RESERVED_LENGTH + ahs.bytes.length;
    case AhsType.BidirectionalReadLength:
      return BIDIRECTIONAL_READ_AHS_LENGTH;
    case "unknown":
      return ahs.bytes.length;
  }
}

function writeSegment(ahs: Ahs, bytes: Uint8Array, at: number): void {
  writeU16(bytes, at, lengthOf(ahs));
  bytes[at + AHS_TYPE] = ahs.type === "unknown" ? ahs.code & AHS_TYPE_MASK : ahs.type;
  switch (ahs.type) {
    case AhsType.ExtendedCdb:
      return bytes.set(ahs.bytes, at + CONTENT);
    case AhsType.BidirectionalReadLength:
      return writeU32(bytes, at + CONTENT, ahs.expectedReadLength);
    case "unknown":
      return bytes.set(ahs.bytes, at + AHS_HEADER_LENGTH);
  }
}

/** The segment from `at` to `end`, or what is wrong with it. */
function readSegment(bytes: Uint8Array, at: number, end: number): Ahs | string {
  const length = end - at - AHS_HEADER_LENGTH;
  const code = bytes[at + AHS_TYPE] & AHS_TYPE_MASK;
  switch (code) {
    case AhsType.ExtendedCdb:
      if (length < SHORTEST_EXTENDED_CDB_AHS_LENGTH) return `extended CDB with AHSLength ${length}`;
      return { type: code, bytes: new Uint8Array(bytes.subarray(at + CONTENT, end)) };
    case AhsType.BidirectionalReadLength:
      if (length !== BIDIRECTIONAL_READ_AHS_LENGTH) {
        return `bidirectional read length with AHSLength ${length}`;
      }
      return { type: code, expectedReadLength: readU32(bytes, at + CONTENT) };
    default:
      return {
        type: "unknown",
        code,
        bytes: new Uint8Array(bytes.subarray(at + AHS_HEADER_LENGTH, end)),
      };
  }
}

function malformed(offset: number, problem: string): AhsList {
  return { ok: false, offset, problem };
}
