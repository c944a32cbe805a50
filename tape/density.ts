/**
 * Recording densities: what the drive says of them (SSC-4, REPORT DENSITY SUPPORT), and names for drives that do not say. Codes are reused by
 * vendors, so the names are keyed by vendor.
 *
 * @module
 */

import { readAscii } from "../scsi/ascii.ts";
import { readU16, readU24, readU32 } from "../scsi/big_endian.ts";
import { reportDensitySupportCdb } from "./commands.ts";
import type { Condition } from "./conditions.ts";
import type { Device } from "./device.ts";
import type { OperationOptions } from "./options.ts";

/** One density that a drive or a tape has. */
export interface Density {
  /** Primary density code. */
  readonly code: number;
  /** Secondary density code; the primary one when there is no other. */
  readonly secondaryCode: number;
  /** Whether the drive can write it. */
  readonly writable: boolean;
  /** Whether the drive uses it unless told otherwise. */
  readonly isDefault: boolean;
  /** Bits per millimetre of track. */
  readonly bitsPerMm: number;
  /** Width of the tape in millimetres. */
  readonly widthMm: number;
  /** Tracks across the tape. */
  readonly tracks: number;
  /** Capacity in units of 10^6 bytes. */
  readonly capacityMegabytes: number;
  /** Who assigned the code: `LTO-CVE`. */
  readonly organization: string;
  /** Its name: `U-832`. */
  readonly name: string;
  /** What it is, in words. */
  readonly description: string;
}

/** Options of {@linkcode TapeDrive.densities}. */
export interface DensityOptions extends OperationOptions {
  /** Asks for those of the loaded tape. @default false */
  readonly media?: boolean;
}

const HEADER_BYTES = 4;
const DESCRIPTOR_BYTES = 52;
const ALLOCATION = 8192;

const WRITABLE = 0x80;
const DEFAULT = 0x20;
const LENGTH_VALID = 0x01;

/** Decodes the answer to REPORT DENSITY SUPPORT; what is cut at the end is left out. */
export function decodeDensities(bytes: Uint8Array): Density[] {
  const densities: Density[] = [];
  if (bytes.length < HEADER_BYTES) return densities;
  // The available length does not count its own two bytes.
  const end = Math.min(readU16(bytes, 0) + 2, bytes.length);
  for (let at = HEADER_BYTES; at + DESCRIPTOR_BYTES <= end;) {
    densities.push(decodeDensity(bytes.subarray(at, at + DESCRIPTOR_BYTES)));
    at += descriptorLength(bytes, at);
  }
  return densities;
}

/** DLV: the descriptor says how much follows its length field. */
function descriptorLength(bytes: Uint8Array, at: number): number {
  const isGiven = (bytes[at + 2] & LENGTH_VALID) !== 0;
  return isGiven ? Math.max(DESCRIPTOR_BYTES, readU16(bytes, at + 3) + 5) : DESCRIPTOR_BYTES;
}

function decodeDensity(bytes: Uint8Array): Density {
  return {
    code: bytes[0],
    secondaryCode: bytes[1],
    writable: (bytes[2] & WRITABLE) !== 0,
    isDefault: (bytes[2] & DEFAULT) !== 0,
    bitsPerMm: readU24(bytes, 5),
    widthMm: readU16(bytes, 8) / 10,
    tracks: readU16(bytes, 10),
    capacityMegabytes: readU32(bytes, 12),
    organization: readAscii(bytes, 16, 8),
    name: readAscii(bytes, 24, 8),
    description: readAscii(bytes, 32, 20),
  };
}

const REFUSALS: ReadonlySet<Condition> = new Set<Condition>(["illegal-request", "not-ready"]);

/**
 * Asks for the densities of the drive, or of the loaded tape when `media` is set; none when the drive does not know.
 *
 * @throws {TapeError} when the drive fails.
 */
export async function readDensities(
  device: Device,
  media: boolean,
  signal?: AbortSignal,
): Promise<Density[]> {
  const dataIn = new Uint8Array(ALLOCATION);
  const command = { cdb: reportDensitySupportCdb(media, ALLOCATION), dataIn, signal };
  const reply = await device.perform(command, REFUSALS);
  return REFUSALS.has(reply.condition)
    ? []
    : decodeDensities(dataIn.subarray(0, reply.dataInLength));
}

type Names = Readonly<Record<number, string>>;

/** Codes that belong to one technology whoever made the drive. */
const COMMON: Names = {
  0x01: "NRZI 800",
  0x02: "PE 1600",
  0x03: "GCR 6250",
  0x05: "QIC-24",
  0x06: "PE 3200",
  0x07: "IMFM 6400",
  0x08: "GCR 8000",
  0x09: "3480",
  0x0a: "MFM 6667 (TK50)",
  0x0f: "QIC-120",
  0x10: "QIC-150",
  0x11: "QIC-320/525",
  0x12: "QIC-1350",
  0x13: "DDS-1",
  0x14: "EXB-8200",
  0x15: "EXB-8500",
  0x16: "TK70",
  0x17: "DLT 2.6 GB",
  0x18: "DLT 6 GB",
  0x19: "DLT 10/15 GB",
  0x1a: "DLT 20 GB",
  0x1b: "DLT 35 GB",
  0x24: "DDS-2",
  0x25: "DDS-3",
  0x26: "DDS-4",
  0x1c: "QIC-385",
  0x1d: "QIC-410",
  0x1e: "QIC-1000",
  0x1f: "QIC-2100",
  0x20: "QIC-6GB",
  0x21: "QIC-20GB",
  0x22: "QIC-2GB",
  0x23: "QIC-875",
  0x27: "Mammoth",
  0x40: "LTO-1",
  0x42: "LTO-2",
  0x44: "LTO-3",
  0x46: "LTO-4",
  0x58: "LTO-5",
  0x5a: "LTO-6",
  0x5c: "LTO-7",
  0x5d: "LTO-8 type M",
  0x5e: "LTO-8",
  0x60: "LTO-9",
  0x62: "LTO-10",
  0x63: "LTO-10 premium",
};

const BY_VENDOR: Readonly<Record<string, Names>> = {
  IBM: {
    0x28: "3490E",
    0x29: "3590B",
    0x2a: "3590E",
    0x51: "3592 J1A",
    0x52: "3592 E05",
    0x53: "3592 E06",
    0x54: "3592 E07",
    0x55: "3592 E08",
    0x56: "3592 55F",
    0x57: "3592 TS1160",
    0x59: "3592 TS1170",
    0x71: "3592 J1A encrypted",
    0x72: "3592 E05 encrypted",
    0x73: "3592 E06 encrypted",
    0x74: "3592 E07 encrypted",
    0x75: "3592 E08 encrypted",
    0x76: "3592 55F encrypted",
    0x77: "3592 TS1160 encrypted",
    0x79: "3592 TS1170 encrypted",
  },
  EXABYTE: { 0x28: "Mammoth-2" },
  HP: { 0x47: "DAT-72", 0x48: "DAT-160" },
  SEAGATE: { 0x47: "DAT-72" },
  SONY: { 0x30: "AIT-1", 0x31: "AIT-2", 0x32: "AIT-3", 0x33: "AIT-4", 0x47: "DAT-72" },
  TANDBERG: { 0x30: "MLR3", 0x32: "SLR7", 0x33: "SLR6" },
  QUANTUM: {
    0x41: "DLT 40 GB",
    0x48: "SDLT 220",
    0x49: "SDLT 320",
    0x4a: "SDLT 600",
    0x4b: "DLT-S4",
  },
  STK: {
    0x45: "9840C",
    0x4a: "T10000A",
    0x4b: "T10000B",
    0x4c: "T10000C",
    0x4d: "T10000D",
  },
};

/** The name of a density code on a drive of this vendor; `undefined` for one that has none. */
export function densityName(code: number, vendor: string): string | undefined {
  return BY_VENDOR[vendor]?.[code] ?? COMMON[code];
}
