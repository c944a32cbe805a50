/**
 * Logical unit numbers: eight bytes on the wire, a small number to people (SAM-5 §4.7).
 *
 * @module
 */

/** Address methods of the first level of a LUN (SAM-5 §4.7.5 to §4.7.7.5). */
export type LunMethod =
  | "peripheral"
  | "flat"
  | "logical-unit"
  | "extended-flat"
  | "well-known"
  | "unknown";

/** A decoded LUN. */
export interface LunAddress {
  /** How the first level is addressed. */
  readonly method: LunMethod;
  /** The plain number, for a single-level LUN that has one: what lsscsi and URLs show. */
  readonly number?: number;
  /** W-LUN of a well known logical unit: 01h REPORT LUNS, 02h ACCESS CONTROLS, 03h TARGET LOG PAGES. */
  readonly wellKnown?: number;
}

const MAX_PERIPHERAL = 0xff;
const MAX_FLAT = 0x3fff;
const MAX_EXTENDED_FLAT = 0xffffff;

const FLAT = 0x4000n;
/** Extended logical unit addressing, 24-bit flat space: length 01b, method 2h. */
const EXTENDED_FLAT = 0xd2000000n;

/** The four leading bytes decide, and the rest must be 0 for a LUN of one level. */
function field(lun: bigint, bits: number): { head: number; isSingleLevel: boolean } {
  const rest = BigInt(64 - bits);
  return { head: Number(lun >> rest), isSingleLevel: (lun & ((1n << rest) - 1n)) === 0n };
}

function plain(method: LunMethod, number: number, isSingleLevel: boolean): LunAddress {
  return isSingleLevel ? { method, number } : { method };
}

/** Extended logical unit addressing: bits 5-4 of byte 0 give the length, bits 3-0 the method. */
function decodeExtended(lun: bigint, firstByte: number): LunAddress {
  switch (firstByte) {
    case 0xc1:
      return { method: "well-known", wellKnown: field(lun, 16).head & 0xff };
    case 0xd2: {
      const { head, isSingleLevel } = field(lun, 32);
      return plain("extended-flat", head % 0x1000000, isSingleLevel);
    }
    case 0xe2: {
      const { head, isSingleLevel } = field(lun, 48);
      return plain("extended-flat", head % 0x10000000000, isSingleLevel);
    }
  }
  return { method: "unknown" };
}

/** Decodes an eight-byte LUN, given as a number with the first byte most significant. Never throws. */
export function decodeLun(lun: bigint): LunAddress {
  const { head, isSingleLevel } = field(BigInt.asUintN(64, lun), 16);
  const firstByte = head >> 8;
  switch (firstByte >> 6) {
    case 0:
      // A bus identifier other than 0 leads to a second level.
      return plain("peripheral", head & 0xff, isSingleLevel && firstByte === 0);
    case 1:
      return plain("flat", head & MAX_FLAT, isSingleLevel);
    case 2:
      return { method: "logical-unit" };
    default:
      return decodeExtended(BigInt.asUintN(64, lun), firstByte);
  }
}

/** The plain number of a LUN, or `undefined` when it has none (several levels, a bus, or a well known logical unit). */
export function lunToNumber(lun: bigint): number | undefined {
  return decodeLun(lun).number;
}

/**
 * The eight-byte LUN for a plain number, in the shortest method that holds it, as Linux and the usual targets have
 * it: peripheral device addressing to 255, flat space to 16383, extended flat space beyond.
 *
 * @throws {RangeError} when `number` is not a whole number from 0 to 16777215.
 */
export function lunFromNumber(number: number): bigint {
  if (!Number.isInteger(number) || number < 0 || number > MAX_EXTENDED_FLAT) {
    throw new RangeError(`Cannot make a LUN: ${number} is not in 0 to ${MAX_EXTENDED_FLAT}`);
  }
  if (number <= MAX_PERIPHERAL) return BigInt(number) << 48n;
  if (number <= MAX_FLAT) return (FLAT | BigInt(number)) << 48n;
  return (EXTENDED_FLAT | BigInt(number)) << 32n;
}

/** A LUN for people: its plain number, or all sixteen hex digits when it has none. */
export function formatLun(lun: bigint): string {
  return String(lunToNumber(lun) ?? `0x${BigInt.asUintN(64, lun).toString(16).padStart(16, "0")}`);
}
