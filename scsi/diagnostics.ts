/**
 * SEND DIAGNOSTIC and RECEIVE DIAGNOSTIC RESULTS: self-tests and diagnostic pages (SPC-5).
 *
 * @module
 */

import { readU16, writeU16 } from "./big_endian.ts";
import { cdbOf, checkedField } from "./cdb_field.ts";
import { type CommandOptions, executeChecked, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** Self-tests: the device's own, and the codes of SPC-5. */
export const SelfTest = {
  /** The default self-test; the command ends when it does (SELFTEST bit). */
  Default: "default",
  BackgroundShort: 1,
  BackgroundExtended: 2,
  /** Ends one that runs in the background. */
  Abort: 4,
  ForegroundShort: 5,
  ForegroundExtended: 6,
} as const;

/** One of the values of {@link SelfTest}. */
export type SelfTest = (typeof SelfTest)[keyof typeof SelfTest];

/** Options of {@link sendDiagnosticCdb}. */
export interface SendDiagnosticCdbOptions {
  /** Which self-test to do. @default none: a page is sent */
  selfTest?: SelfTest;
  /** Lets the test disturb other logical units (DEVOFFL). @default false */
  deviceOffline?: boolean;
  /** Lets the test disturb the state of this one, the tape's position included (UNITOFFL). @default false */
  unitOffline?: boolean;
}

/**
 * SEND DIAGNOSTIC (SPC-5).
 *
 * @param parameterListLength Bytes of the page that goes with it, 0 to 65535.
 * @throws {RangeError} when it does not fit.
 */
export function sendDiagnosticCdb(
  parameterListLength: number,
  options: SendDiagnosticCdbOptions = {},
): Uint8Array {
  const { selfTest, deviceOffline = false, unitOffline = false } = options;
  const cdb = cdbOf(0x1d);
  const code = typeof selfTest === "number" ? selfTest : 0;
  cdb[1] = (code << 5) | (parameterListLength > 0 ? 0x10 : 0) |
    (selfTest === SelfTest.Default ? 0x04 : 0) | (deviceOffline ? 0x02 : 0) |
    (unitOffline ? 0x01 : 0);
  writeU16(cdb, 3, checkedField("a parameter list length", parameterListLength, 0xffff));
  return cdb;
}

/**
 * RECEIVE DIAGNOSTIC RESULTS (SPC-5).
 *
 * @param page Page code to ask for, 0 to 255.
 * @param allocationLength Bytes of room, 0 to 65535.
 * @throws {RangeError} when a value does not fit.
 */
export function receiveDiagnosticCdb(page: number, allocationLength: number): Uint8Array {
  const cdb = cdbOf(0x1c);
  cdb[1] = 0x01;
  cdb[2] = checkedField("a page code", page, 0xff);
  writeU16(cdb, 3, checkedField("an allocation length", allocationLength, 0xffff));
  return cdb;
}

/** Options of {@link runSelfTest}. */
export interface RunSelfTestOptions extends CommandOptions {
  /** As in {@link SendDiagnosticCdbOptions}. @default false */
  deviceOffline?: boolean;
  /** As in {@link SendDiagnosticCdbOptions}. @default false */
  unitOffline?: boolean;
}

/**
 * Has a device test itself. A test in the foreground, and the default one, has passed when the promise resolves.
 *
 * @throws {CheckConditionError} when it failed (HARDWARE ERROR), or the device does not have that test.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function runSelfTest(
  unit: LogicalUnit,
  selfTest: SelfTest = SelfTest.Default,
  options: RunSelfTestOptions = {},
): Promise<void> {
  const { signal, timeoutMs, deviceOffline, unitOffline } = options;
  const cdb = sendDiagnosticCdb(0, { selfTest, deviceOffline, unitOffline });
  await executeChecked(unit, { cdb, signal, timeoutMs });
}

/**
 * Sends a diagnostic page: four bytes of header and what the page's own standard lays out.
 *
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function sendDiagnosticPage(
  unit: LogicalUnit,
  page: Uint8Array,
  options: CommandOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const cdb = sendDiagnosticCdb(page.length);
  await executeChecked(unit, { cdb, dataOut: page, signal, timeoutMs });
}

const FIRST_ALLOCATION = 4096;
const HEADER_LENGTH = 4;

/**
 * Reads a diagnostic page, header included. The array is the caller's.
 *
 * @throws {RangeError} when the page code does not fit.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function receiveDiagnosticPage(
  unit: LogicalUnit,
  page: number,
  options: CommandOptions = {},
): Promise<Uint8Array> {
  const ask = (room: number) =>
    executeDataIn(unit, receiveDiagnosticCdb(page, room), room, options);
  const first = await ask(FIRST_ALLOCATION);
  const whole = first.length < HEADER_LENGTH ? 0 : HEADER_LENGTH + readU16(first, 2);
  return whole <= FIRST_ALLOCATION ? first : await ask(Math.min(whole, 0xffff));
}
