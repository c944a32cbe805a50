/**
 * REPORT LUNS: which logical units a target has (SPC-5 §6.33).
 *
 * @module
 */

import { readU32, readU64, writeU32, writeU64 } from "./big_endian.ts";
import { reportLunsCdb, type SelectReport } from "./cdb.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import type { DecodeOptions } from "./inquiry.ts";
import type { LogicalUnit } from "./logical_unit.ts";

const HEADER_LENGTH = 8;
const LUN_LENGTH = 8;

/** Room for 255 logical units, so that nearly every target is asked once. */
const FIRST_ALLOCATION = HEADER_LENGTH + 255 * LUN_LENGTH;
/**
 * As many as flat space addressing can number; a longer list is not believed, so that a target cannot make us
 * allocate at will.
 */
const MAX_ALLOCATION = HEADER_LENGTH + 16384 * LUN_LENGTH;
/** A list may grow while it is being read, but not for ever. */
const MAX_ATTEMPTS = 4;

/** An answer to REPORT LUNS. */
export interface LunList {
  /** The LUNs that came, eight bytes each as one number; see `decodeLun`. */
  readonly luns: readonly bigint[];
  /** How many the target has; more than `luns.length` when the answer was cut. */
  readonly count: number;
}

/**
 * Decodes an answer to REPORT LUNS, which may be cut.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 8 bytes.
 */
export function decodeReportLuns(bytes: Uint8Array, options: DecodeOptions = {}): LunList {
  if (bytes.length < HEADER_LENGTH) {
    throw new UnexpectedResponseError({
      commandName: "REPORT LUNS",
      unitName: options.unitName,
      problem: `${bytes.length} bytes, at least ${HEADER_LENGTH} needed`,
    });
  }
  const count = Math.floor(readU32(bytes, 0) / LUN_LENGTH);
  const arrived = Math.min(count, Math.floor((bytes.length - HEADER_LENGTH) / LUN_LENGTH));
  const luns = Array.from(
    { length: arrived },
    (_, i) => readU64(bytes, HEADER_LENGTH + i * LUN_LENGTH),
  );
  return { luns, count };
}

/** Encodes an answer to REPORT LUNS. The array is the caller's. */
export function encodeReportLuns(luns: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + luns.length * LUN_LENGTH);
  writeU32(bytes, 0, luns.length * LUN_LENGTH);
  luns.forEach((lun, i) => writeU64(bytes, HEADER_LENGTH + i * LUN_LENGTH, lun));
  return bytes;
}

/** Options of {@link reportLuns}. */
export interface ReportLunsOptions extends CommandOptions {
  /** Which logical units to list. @default SelectReport.Addressable: all but the well known ones */
  select?: SelectReport;
}

/**
 * Asks a target for its logical units, through any of them (LUN 0 always answers). Asks again with more room when
 * the list is longer than the first answer had room for.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 8 bytes, stays shorter than the list that it
 * announces, or announces more than 16384 logical units.
 * @throws {ScsiStatusError} when the device refused ({@link CheckConditionError} with the reason).
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function reportLuns(
  unit: LogicalUnit,
  options: ReportLunsOptions = {},
): Promise<readonly bigint[]> {
  const { select } = options;
  let allocation = FIRST_ALLOCATION;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && allocation <= MAX_ALLOCATION; attempt++) {
    const cdb = reportLunsCdb(allocation, { select });
    const bytes = await executeDataIn(unit, cdb, allocation, options);
    const { luns, count } = decodeReportLuns(bytes, { unitName: unit.name });
    if (luns.length === count) return luns;
    allocation = HEADER_LENGTH + count * LUN_LENGTH;
  }
  throw new UnexpectedResponseError({
    commandName: "REPORT LUNS",
    unitName: unit.name,
    problem: `a list of ${
      (allocation - HEADER_LENGTH) / LUN_LENGTH
    } logical units did not come whole`,
  });
}
