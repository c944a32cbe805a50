/**
 * What sense keys and additional sense codes mean (SPC-5 §4.4.7, §4.4.8).
 *
 * @module
 */

import { ASC_LINES } from "./asc_table.ts";
import { hexByte } from "./hex_byte.ts";

/** Sense keys by name (SPC-5 table 48). */
export const SenseKey = {
  NoSense: 0x0,
  RecoveredError: 0x1,
  NotReady: 0x2,
  MediumError: 0x3,
  HardwareError: 0x4,
  IllegalRequest: 0x5,
  UnitAttention: 0x6,
  DataProtect: 0x7,
  BlankCheck: 0x8,
  VendorSpecific: 0x9,
  CopyAborted: 0xa,
  AbortedCommand: 0xb,
  VolumeOverflow: 0xd,
  Miscompare: 0xe,
  Completed: 0xf,
} as const;

/** One of the sense keys of {@link SenseKey}. */
export type SenseKey = (typeof SenseKey)[keyof typeof SenseKey];

const KEY_NAMES = [
  "NO SENSE",
  "RECOVERED ERROR",
  "NOT READY",
  "MEDIUM ERROR",
  "HARDWARE ERROR",
  "ILLEGAL REQUEST",
  "UNIT ATTENTION",
  "DATA PROTECT",
  "BLANK CHECK",
  "VENDOR SPECIFIC",
  "COPY ABORTED",
  "ABORTED COMMAND",
  "RESERVED",
  "VOLUME OVERFLOW",
  "MISCOMPARE",
  "COMPLETED",
];

/** The name of a sense key as SPC-5 writes it; only the low four bits count. */
export function senseKeyName(key: number): string {
  return KEY_NAMES[key & 0xf];
}

/** Options of {@link describeAsc}. */
export interface DescribeAscOptions {
  /** T10 vendor identification from INQUIRY, for codes that only one vendor defines. @default none */
  vendor?: string;
}

/** Meanings that one vendor gives: codes of the vendor range (80h to FFh in either byte). */
const VENDOR_CODES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  IBM: {
    0x8252: "degraded medium",
    0x8282: "drive requires cleaning",
    0xef10: "encryption key required",
  },
};

/** Who is about to fail (5Dh/10h to 6Ch, high half of the ASCQ), and why (low half). */
const FAILING_PARTS = [
  "hardware",
  "controller",
  "data channel",
  "servo",
  "spindle",
  "firmware",
];
const FAILURE_SIGNS = [
  "general hard drive failure",
  "drive error rate too high",
  "data error rate too high",
  "seek error rate too high",
  "too many block reassigns",
  "access times too high",
  "start unit times too high",
  "channel parametrics",
  "controller detected",
  "throughput performance",
  "seek time performance",
  "spin-up retry count",
  "drive calibration retry count",
];

let assigned: ReadonlyMap<number, string> | undefined;

function assignedCodes(): ReadonlyMap<number, string> {
  assigned ??= new Map(
    ASC_LINES.split("\n").map((line) => [parseInt(line.slice(0, 4), 16), line.slice(5)]),
  );
  return assigned;
}

/** Codes whose ASCQ is a number of its own, or part of a regular block. */
function composedMeaning(asc: number, ascq: number): string | undefined {
  if (asc === 0x40 && ascq >= 0x80) return `diagnostic failure on component ${hexByte(ascq)}h`;
  if (asc === 0x4d) return `tagged overlapped commands (task tag ${hexByte(ascq)}h)`;
  if (asc === 0x70) return `decompression exception short algorithm ID of ${hexByte(ascq)}h`;
  if (asc !== 0x5d) return undefined;
  const part = FAILING_PARTS[(ascq >> 4) - 1];
  const sign = FAILURE_SIGNS[ascq & 0xf];
  return part && sign && `${part} impending failure ${sign}`;
}

function unassignedMeaning(asc: number, ascq: number): string {
  if (asc >= 0x80) return "vendor specific";
  const general = assignedCodes().get(asc << 8);
  const qualifier = ascq >= 0x80 ? "vendor specific qualifier" : "unknown qualifier";
  return general === undefined ? "unknown additional sense code" : `${general} (${qualifier})`;
}

/**
 * What an additional sense code and its qualifier mean, in lower case, as T10 words it. A code that is not assigned
 * gets the general meaning of its ASC, or says that it is unknown or vendor specific; the result is never empty.
 */
export function describeAsc(asc: number, ascq: number, options: DescribeAscOptions = {}): string {
  const code = (asc << 8) | ascq;
  return VENDOR_CODES[options.vendor?.trim().toUpperCase() ?? ""]?.[code] ??
    assignedCodes().get(code) ?? composedMeaning(asc, ascq) ?? unassignedMeaning(asc, ascq);
}
