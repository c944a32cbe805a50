/**
 * Log pages of tape drives with names and values in place of codes and bytes (SSC-4).
 *
 * @module
 */

import { readAscii } from "../ascii.ts";
import { readU16 } from "../big_endian.ts";
import { logNumber, type LogPage, type LogParameter } from "../log_pages.ts";
import { type LogPageFacts, logPageFacts, type LogParameterFacts } from "./log_page_table.ts";

/** What a log parameter says of one partition. */
export interface PartitionValue {
  /** Partition number. */
  readonly partition: number;
  /** The value; `undefined` when the drive does not know it (all ones). */
  readonly value?: number;
}

/** A log parameter's value. */
export type LogValue = number | boolean | string | readonly PartitionValue[] | Uint8Array;

/** One log parameter. */
export interface NamedLogParameter {
  /** Parameter code. */
  readonly code: number;
  /** What it is, in words; `parameter XXXXh` for one that has no name here. */
  readonly name: string;
  /** Its value; raw bytes where nothing is known of it. */
  readonly value: LogValue;
  /** What a number counts, where it counts something: `MB`, `bytes`, `h`. */
  readonly unit?: string;
}

/** A log page. */
export interface NamedLogPage {
  /** Page code. */
  readonly page: number;
  /** Subpage code. */
  readonly subpage: number;
  /** What it is called; `page XXh` for one that has no name here. */
  readonly name: string;
  /** Its parameters, in the drive's order. */
  readonly parameters: readonly NamedLogParameter[];
}

/** What keeps a drive busy (SSC-4, DT DEVICE ACTIVITY), by its code. */
const ACTIVITIES = [
  "no activity",
  "cleaning",
  "loading",
  "unloading",
  "other tape activity",
  "reading",
  "writing",
  "locating",
  "rewinding",
  "erasing",
  "formatting",
  "calibrating",
  "other drive activity",
  "updating microcode",
  "reading encrypted data",
  "writing encrypted data",
] as const;
const ACTIVITY = 2;

const PARTITION_HEADER = 4;

/** Decodes records of `length - 1, reserved, partition, value`; each says its own length. */
export function decodePartitionValues(bytes: Uint8Array): PartitionValue[] {
  const values: PartitionValue[] = [];
  for (let at = 0; at + PARTITION_HEADER <= bytes.length;) {
    const next = at + bytes[at] + 1;
    if (next > bytes.length || next <= at + PARTITION_HEADER) break;
    const own = bytes.subarray(at + PARTITION_HEADER, next);
    const isKnown = own.some((byte) => byte !== 0xff);
    const value = isKnown ? logNumber({ value: own }) : undefined;
    values.push({ partition: readU16(bytes, at + 2), ...(value !== undefined && { value }) });
    at = next;
  }
  return values;
}

const FORMAT = 0x03;
const ASCII = 0x01;
const BINARY = 0x03;

/** A parameter that has no name here says by its control byte whether it is text, a number, or neither. */
function decodeUnknown({ control, value }: LogParameter): LogValue {
  const format = control & FORMAT;
  if (format === ASCII) return readAscii(value, 0, value.length);
  return format === BINARY ? value : logNumber({ value }) ?? value;
}

function decodeValue(parameter: LogParameter, facts: LogParameterFacts | undefined): LogValue {
  const { value } = parameter;
  switch (facts?.kind) {
    case "number":
      return logNumber(parameter) ?? value;
    case "flag":
      return value.some((byte) => byte !== 0);
    case "text":
      return readAscii(value, 0, value.length);
    case "per-partition":
      return decodePartitionValues(value);
    case "activity":
      return ACTIVITIES[value[ACTIVITY]] ?? "unknown activity";
    default:
      return decodeUnknown(parameter);
  }
}

function hexName(what: string, code: number, digits: number): string {
  return `${what} ${code.toString(16).toUpperCase().padStart(digits, "0")}h`;
}

function nameParameter(
  parameter: LogParameter,
  facts: LogPageFacts | undefined,
): NamedLogParameter {
  const { code } = parameter;
  const known = facts?.parameters.find((each) => each.code === code);
  return {
    code,
    name: known?.name ?? hexName("parameter", code, 4),
    value: decodeValue(parameter, known),
    ...(known?.unit !== undefined && { unit: known.unit }),
  };
}

/** Gives a log page its names and values. Raw values are views of the page's own. */
export function nameLogPage(logPage: LogPage): NamedLogPage {
  const { page, subpage, parameters } = logPage;
  const facts = logPageFacts(page, subpage);
  return {
    page,
    subpage,
    name: facts?.name ?? hexName("page", page, 2),
    parameters: parameters.map((each) => nameParameter(each, facts)),
  };
}
