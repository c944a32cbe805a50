/**
 * Fields of pages as tables: where each lies, so that reading and changing a page is the same few lines for all of them.
 *
 * @module
 */

import { UnexpectedResponseError } from "./errors.ts";

/** One bit. */
export interface FlagField {
  /** Offset in bytes from the page's first byte. */
  readonly at: number;
  /** Bit number, 0 to 7. */
  readonly bit: number;
}

/** A number within one byte, or of whole bytes, big-endian. */
export interface NumberField {
  /** Offset in bytes from the page's first byte. */
  readonly at: number;
  /** Number of the lowest bit, 0 to 7. @default 0 */
  readonly low?: number;
  /** How many bits of the byte, 1 to 8. @default 8 */
  readonly width?: number;
  /** How many whole bytes, 1 to 6, in place of `low` and `width`. @default 1 */
  readonly bytes?: number;
}

/** Where each property of `T` lies: a flag for a boolean, a number field for a number. */
export type FieldTable<T> = {
  readonly [Name in keyof T]-?: T[Name] extends boolean ? FlagField : NumberField;
};

/** One bit. */
export function flag(at: number, bit: number): FlagField {
  return { at, bit };
}

/** Some bits of one byte, the lowest of which is `low`. */
export function bits(at: number, low: number, width: number): NumberField {
  return { at, low, width };
}

/** Whole bytes. */
export function uint(at: number, bytes = 1): NumberField {
  return { at, bytes };
}

function endOf(field: FlagField | NumberField): number {
  return field.at + ("bit" in field ? 1 : field.bytes ?? 1);
}

function maskOf({ low = 0, width = 8 }: NumberField): number {
  return ((1 << width) - 1) << low;
}

function readNumber(page: Uint8Array, field: NumberField): number {
  const { at, low = 0, bytes = 1 } = field;
  if (bytes === 1) return (page[at] & maskOf(field)) >> low;
  return page.subarray(at, at + bytes).reduce((sum, byte) => sum * 256 + byte, 0);
}

function writeNumber(page: Uint8Array, field: NumberField, value: number): void {
  const { at, low = 0, bytes = 1 } = field;
  if (bytes === 1) {
    page[at] = (page[at] & ~maskOf(field)) | (value << low);
    return;
  }
  for (let i = bytes - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) {
    page[at + i] = rest % 256;
  }
}

/** The fields that a page is long enough to hold; the others are absent. */
export function readFields<T>(page: Uint8Array, table: FieldTable<T>): Partial<T> {
  const values: Record<string, boolean | number> = {};
  for (const [name, field] of Object.entries<FlagField | NumberField>(table)) {
    if (endOf(field) > page.length) continue;
    values[name] = "bit" in field
      ? (page[field.at] & (1 << field.bit)) !== 0
      : readNumber(page, field);
  }
  return values as Partial<T>;
}

function checkedValue(name: string, field: NumberField, value: number): number {
  const { width = 8, bytes = 1 } = field;
  const max = bytes === 1 ? (1 << width) - 1 : 256 ** bytes - 1;
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new RangeError(`Cannot encode the field ${name}: ${value} is not in 0 to ${max}`);
}

/**
 * Changes fields of a page in place; those that are not in `changes` stay.
 *
 * @throws {RangeError} when a number does not fit its field.
 * @throws {UnexpectedResponseError} when the page is too short to hold a field.
 */
export function writeFields<T>(
  page: Uint8Array,
  table: FieldTable<T>,
  changes: Partial<T>,
  commandName = "MODE SENSE",
): void {
  const fields = table as Readonly<Record<string, FlagField | NumberField>>;
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    const field = fields[name];
    if (endOf(field) > page.length) {
      const problem = `the page of ${page.length} bytes has no field ${name}`;
      throw new UnexpectedResponseError({ commandName, problem });
    }
    if (!("bit" in field)) writeNumber(page, field, checkedValue(name, field, value as number));
    else page[field.at] = (page[field.at] & ~(1 << field.bit)) | (value ? 1 << field.bit : 0);
  }
}
