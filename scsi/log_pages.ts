/**
 * Log pages: lists of numbered parameters (SPC-5 §6.8, §7.3).
 *
 * @module
 */

import { readU16, writeU16 } from "./big_endian.ts";
import { logSenseCdb, type LogSenseCdbOptions } from "./cdb.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import { hexByte } from "./hex_byte.ts";
import type { DecodeOptions } from "./inquiry.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** One log parameter. */
export interface LogParameter {
  /** Parameter code. */
  readonly code: number;
  /** The control byte: DU, TSD, format and linking; 03h for a binary list parameter, 00h for a counter. */
  readonly control: number;
  /** The value; its length is whatever the device chose. */
  readonly value: Uint8Array;
}

/** A log page. */
export interface LogPage {
  /** Page code, 0 to 63. */
  readonly page: number;
  /** Subpage code, 0 for none. */
  readonly subpage: number;
  /** Parameters in the order of the page. */
  readonly parameters: readonly LogParameter[];
}

/** A decoded log page; the values are views of the decoded array. */
export interface DecodedLogPage extends LogPage {
  /** Whether the page is cut: the parameter in which it ends is left out. */
  readonly truncated: boolean;
  /** Bytes that the whole page has, header included. */
  readonly totalLength: number;
}

const SUBPAGE = 1;
const PAGE_LENGTH = 2;
const HEADER_LENGTH = 4;
const SUBPAGE_FORMAT = 0x40;
const ALL_SUBPAGES = 0xff;

const VALUE_LENGTH = 3;
const PARAMETER_HEADER_LENGTH = 4;

/** The code and subpage of a page, and its body; what they share with the lists of supported pages. */
function decodeHeader(bytes: Uint8Array, options: DecodeOptions) {
  if (bytes.length < HEADER_LENGTH) {
    throw new UnexpectedResponseError({
      commandName: "LOG SENSE",
      unitName: options.unitName,
      problem: `${bytes.length} bytes, at least ${HEADER_LENGTH} needed`,
    });
  }
  const totalLength = HEADER_LENGTH + readU16(bytes, PAGE_LENGTH);
  return {
    page: bytes[0] & 0x3f,
    subpage: (bytes[0] & SUBPAGE_FORMAT) === 0 ? 0 : bytes[SUBPAGE],
    totalLength,
    body: bytes.subarray(HEADER_LENGTH, totalLength),
  };
}

function decodeParameters(body: Uint8Array): { parameters: LogParameter[]; rest: number } {
  const parameters: LogParameter[] = [];
  let at = 0;
  while (at + PARAMETER_HEADER_LENGTH <= body.length) {
    const value = at + PARAMETER_HEADER_LENGTH;
    const next = value + body[at + VALUE_LENGTH];
    if (next > body.length) break;
    parameters.push({
      code: readU16(body, at),
      control: body[at + 2],
      value: body.subarray(value, next),
    });
    at = next;
  }
  return { parameters, rest: body.length - at };
}

/**
 * Decodes a log page by the lengths that it gives; the length of a parameter is never assumed.
 *
 * @throws {UnexpectedResponseError} when it is shorter than its 4-byte header.
 */
export function decodeLogPage(bytes: Uint8Array, options: DecodeOptions = {}): DecodedLogPage {
  const { page, subpage, totalLength, body } = decodeHeader(bytes, options);
  const { parameters, rest } = decodeParameters(body);
  const truncated = rest > 0 || totalLength > bytes.length;
  return { page, subpage, parameters, truncated, totalLength };
}

function encodeHeader(page: number, subpage: number, bodyLength: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + bodyLength);
  bytes[0] = (subpage === 0 ? 0 : SUBPAGE_FORMAT) | page;
  bytes[SUBPAGE] = subpage;
  writeU16(bytes, PAGE_LENGTH, bodyLength);
  return bytes;
}

/** Encodes a log page. The array is the caller's. */
export function encodeLogPage(logPage: LogPage): Uint8Array {
  const { page, subpage, parameters } = logPage;
  const length = parameters.reduce(
    (sum, parameter) => sum + PARAMETER_HEADER_LENGTH + parameter.value.length,
    0,
  );
  const bytes = encodeHeader(page, subpage, length);
  let at = HEADER_LENGTH;
  for (const { code, control, value } of parameters) {
    writeU16(bytes, at, code);
    bytes[at + 2] = control;
    bytes[at + VALUE_LENGTH] = value.length;
    bytes.set(value, at + PARAMETER_HEADER_LENGTH);
    at += PARAMETER_HEADER_LENGTH + value.length;
  }
  return bytes;
}

/** Encodes page 00h: the codes of the pages that a device has. The array is the caller's. */
export function encodeSupportedLogPages(pages: readonly number[]): Uint8Array {
  const bytes = encodeHeader(0, 0, pages.length);
  bytes.set(pages, HEADER_LENGTH);
  return bytes;
}

/**
 * Encodes subpage FFh of page 00h: the pages and subpages that a device has (SPC-5 §7.3.18). The array is the caller's.
 */
export function encodeSupportedLogSubpages(
  listed: readonly Pick<LogPage, "page" | "subpage">[],
): Uint8Array {
  const bytes = encodeHeader(0, ALL_SUBPAGES, 2 * listed.length);
  bytes.set(listed.flatMap(({ page, subpage }) => [page, subpage]), HEADER_LENGTH);
  return bytes;
}

/** The number that a counter holds, unsigned; `undefined` when it has no bytes, or is beyond 2^53 - 1. */
export function logNumber(parameter: Pick<LogParameter, "value">): number | undefined {
  if (parameter.value.length === 0) return undefined;
  const number = parameter.value.reduce((sum, byte) => sum * 256 + byte, 0);
  return Number.isSafeInteger(number) ? number : undefined;
}

/**
 * Large enough that no page of a known drive has to be asked for twice: reading some pages (TapeAlert) clears what
 * they report.
 */
const FIRST_ALLOCATION = 16384;
const MAX_ALLOCATION = 0xffff;

async function readPage(
  unit: LogicalUnit,
  which: LogSenseCdbOptions,
  options: CommandOptions,
): Promise<Uint8Array> {
  const ask = (allocation: number) =>
    executeDataIn(unit, logSenseCdb(allocation, which), allocation, options);
  const first = await ask(FIRST_ALLOCATION);
  const { totalLength } = decodeHeader(first, { unitName: unit.name });
  const bytes = totalLength <= FIRST_ALLOCATION
    ? first
    : await ask(Math.min(totalLength, MAX_ALLOCATION));
  checkPage(unit, decodeHeader(bytes, { unitName: unit.name }), which);
  return bytes;
}

/** Drives from before subpages ignore their code, and answer with the page. */
function checkPage(
  unit: LogicalUnit,
  { page, subpage }: { page: number; subpage: number },
  { page: askedPage, subpage: askedSubpage = 0 }: LogSenseCdbOptions,
): void {
  if (page === askedPage && subpage === askedSubpage) return;
  const came = pageName(page, subpage), asked = pageName(askedPage, askedSubpage);
  throw new UnexpectedResponseError({
    commandName: "LOG SENSE",
    unitName: unit.name,
    problem: `page ${came} came, ${asked} was asked for`,
  });
}

function pageName(page: number, subpage: number): string {
  return `${hexByte(page)}h` + (subpage === 0 ? "" : `/${hexByte(subpage)}h`);
}

/**
 * Reads a log page. Reading clears some pages on most drives: 2Eh (TapeAlert) in particular.
 *
 * @param which The page. Without more, current cumulative values from the first parameter on.
 * @throws {RangeError} when a page code does not fit.
 * @throws {UnexpectedResponseError} when the answer is shorter than its header, or is another page.
 * @throws {CheckConditionError} when the device refused: it does not have the page.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function logSense(
  unit: LogicalUnit,
  which: LogSenseCdbOptions,
  options: CommandOptions = {},
): Promise<DecodedLogPage> {
  const bytes = await readPage(unit, which, options);
  return decodeLogPage(bytes, { unitName: unit.name });
}

/** The codes of the log pages that a device has (page 00h, without subpages). Errors as {@link logSense}. */
export async function readSupportedLogPages(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<number[]> {
  const bytes = await readPage(unit, { page: 0 }, options);
  return Array.from(decodeHeader(bytes, { unitName: unit.name }).body, (code) => code & 0x3f);
}
