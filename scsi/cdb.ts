/**
 * Command descriptor blocks of the commands that every device type shares (SPC-5 §6). Each builder returns a new
 * array, the caller's.
 *
 * @module
 */

import { cdbLengthOf } from "./command_table.ts";
import { writeU16, writeU32 } from "./big_endian.ts";

/** Which values MODE SENSE asks for (SPC-5 §6.14, PC field). */
export const PageControl = {
  Current: 0,
  Changeable: 1,
  Default: 2,
  Saved: 3,
} as const;

/** One of the values of {@link PageControl}. */
export type PageControl = (typeof PageControl)[keyof typeof PageControl];

/** Which log values LOG SENSE asks for (SPC-5 §6.8, PC field). */
export const LogPageControl = {
  CurrentThreshold: 0,
  CurrentCumulative: 1,
  DefaultThreshold: 2,
  DefaultCumulative: 3,
} as const;

/** One of the values of {@link LogPageControl}. */
export type LogPageControl = (typeof LogPageControl)[keyof typeof LogPageControl];

function cdbOf(opcode: number): Uint8Array {
  const cdb = new Uint8Array(cdbLengthOf(opcode));
  cdb[0] = opcode;
  return cdb;
}

/**
 * Checks that a field's value fits.
 *
 * @throws {RangeError} when it is not a whole number from 0 to `max`.
 */
function checked(what: string, value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Cannot build a CDB: ${what} ${value} is not in 0 to ${max}`);
  }
  return value;
}

/** TEST UNIT READY (SPC-5 §6.47). */
export function testUnitReadyCdb(): Uint8Array {
  return cdbOf(0x00);
}

/** Options of {@link requestSenseCdb}. */
export interface RequestSenseCdbOptions {
  /** Asks for descriptor format (DESC). @default false */
  descriptor?: boolean;
}

/**
 * REQUEST SENSE (SPC-5 §6.39).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 255.
 * @throws {RangeError} when it does not fit.
 */
export function requestSenseCdb(
  allocationLength: number,
  options: RequestSenseCdbOptions = {},
): Uint8Array {
  const cdb = cdbOf(0x03);
  cdb[1] = options.descriptor ? 0x01 : 0;
  cdb[4] = checked("allocation length", allocationLength, 0xff);
  return cdb;
}

/** Options of {@link inquiryCdb}. */
export interface InquiryCdbOptions {
  /** Page code of the vital product data page to ask for (EVPD), 0 to 255. @default standard INQUIRY data */
  vpdPage?: number;
}

/**
 * INQUIRY (SPC-5 §6.7).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 65535.
 * @throws {RangeError} when a value does not fit.
 */
export function inquiryCdb(allocationLength: number, options: InquiryCdbOptions = {}): Uint8Array {
  const { vpdPage } = options;
  const cdb = cdbOf(0x12);
  if (vpdPage !== undefined) {
    cdb[1] = 0x01;
    cdb[2] = checked("page code", vpdPage, 0xff);
  }
  writeU16(cdb, 3, checked("allocation length", allocationLength, 0xffff));
  return cdb;
}

/** Which logical units REPORT LUNS lists (SPC-5 §6.33, SELECT REPORT field). */
export const SelectReport = {
  /** All but the well known ones. */
  Addressable: 0x00,
  WellKnown: 0x01,
  All: 0x02,
} as const;

/** One of the values of {@link SelectReport}. */
export type SelectReport = (typeof SelectReport)[keyof typeof SelectReport];

/** Options of {@link reportLunsCdb}. */
export interface ReportLunsCdbOptions {
  /** Which logical units to list. @default SelectReport.Addressable */
  select?: SelectReport;
}

/**
 * REPORT LUNS (SPC-5 §6.33).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 4294967295; the standard asks for at least 16.
 * @throws {RangeError} when it does not fit.
 */
export function reportLunsCdb(
  allocationLength: number,
  options: ReportLunsCdbOptions = {},
): Uint8Array {
  const { select = SelectReport.Addressable } = options;
  const cdb = cdbOf(0xa0);
  cdb[2] = select;
  writeU32(cdb, 6, checked("allocation length", allocationLength, 0xffffffff));
  return cdb;
}

/** Which mode page to ask for, and how. */
export interface ModeSenseCdbOptions {
  /** Page code, 0 to 63; 3Fh asks for all pages. */
  page: number;
  /** Subpage code, 0 to 255; FFh asks for all. @default 0 */
  subpage?: number;
  /** Leaves the block descriptor out (DBD). @default false */
  disableBlockDescriptors?: boolean;
  /** Which values to give. @default PageControl.Current */
  pageControl?: PageControl;
}

function modeSense(opcode: number, options: ModeSenseCdbOptions): Uint8Array {
  const { page, subpage = 0, disableBlockDescriptors = false, pageControl = PageControl.Current } =
    options;
  const cdb = cdbOf(opcode);
  cdb[1] = disableBlockDescriptors ? 0x08 : 0;
  cdb[2] = (pageControl << 6) | checked("page code", page, 0x3f);
  cdb[3] = checked("subpage code", subpage, 0xff);
  return cdb;
}

/**
 * MODE SENSE(6) (SPC-5 §6.14).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 255.
 * @throws {RangeError} when a value does not fit.
 */
export function modeSense6Cdb(allocationLength: number, options: ModeSenseCdbOptions): Uint8Array {
  const cdb = modeSense(0x1a, options);
  cdb[4] = checked("allocation length", allocationLength, 0xff);
  return cdb;
}

/**
 * MODE SENSE(10) (SPC-5 §6.15).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 65535.
 * @throws {RangeError} when a value does not fit.
 */
export function modeSense10Cdb(allocationLength: number, options: ModeSenseCdbOptions): Uint8Array {
  const cdb = modeSense(0x5a, options);
  writeU16(cdb, 7, checked("allocation length", allocationLength, 0xffff));
  return cdb;
}

/** Options of {@link modeSelect6Cdb} and {@link modeSelect10Cdb}. */
export interface ModeSelectCdbOptions {
  /** Whether the parameters are laid out as pages (PF). False only for devices older than SCSI-2. @default true */
  pageFormat?: boolean;
  /** Saves the pages so that they outlast a power cycle (SP). @default false */
  savePages?: boolean;
}

function modeSelect(opcode: number, options: ModeSelectCdbOptions): Uint8Array {
  const { pageFormat = true, savePages = false } = options;
  const cdb = cdbOf(opcode);
  cdb[1] = (pageFormat ? 0x10 : 0) | (savePages ? 0x01 : 0);
  return cdb;
}

/**
 * MODE SELECT(6) (SPC-5 §6.12).
 *
 * @param parameterListLength Bytes of data that go with it, 0 to 255.
 * @throws {RangeError} when it does not fit.
 */
export function modeSelect6Cdb(
  parameterListLength: number,
  options: ModeSelectCdbOptions = {},
): Uint8Array {
  const cdb = modeSelect(0x15, options);
  cdb[4] = checked("parameter list length", parameterListLength, 0xff);
  return cdb;
}

/**
 * MODE SELECT(10) (SPC-5 §6.13).
 *
 * @param parameterListLength Bytes of data that go with it, 0 to 65535.
 * @throws {RangeError} when it does not fit.
 */
export function modeSelect10Cdb(
  parameterListLength: number,
  options: ModeSelectCdbOptions = {},
): Uint8Array {
  const cdb = modeSelect(0x55, options);
  writeU16(cdb, 7, checked("parameter list length", parameterListLength, 0xffff));
  return cdb;
}

/** Which log page to ask for, and from where. */
export interface LogSenseCdbOptions {
  /** Page code, 0 to 63. */
  page: number;
  /** Subpage code, 0 to 255. @default 0 */
  subpage?: number;
  /** Which values to give. @default LogPageControl.CurrentCumulative */
  pageControl?: LogPageControl;
  /** Number of the first parameter to give, 0 to 65535. @default 0 */
  parameterPointer?: number;
}

/**
 * LOG SENSE (SPC-5 §6.8).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 65535.
 * @throws {RangeError} when a value does not fit.
 */
export function logSenseCdb(allocationLength: number, options: LogSenseCdbOptions): Uint8Array {
  const {
    page,
    subpage = 0,
    pageControl = LogPageControl.CurrentCumulative,
    parameterPointer = 0,
  } = options;
  const cdb = cdbOf(0x4d);
  cdb[2] = (pageControl << 6) | checked("page code", page, 0x3f);
  cdb[3] = checked("subpage code", subpage, 0xff);
  writeU16(cdb, 5, checked("parameter pointer", parameterPointer, 0xffff));
  writeU16(cdb, 7, checked("allocation length", allocationLength, 0xffff));
  return cdb;
}

/**
 * PREVENT ALLOW MEDIUM REMOVAL (SSC-4 §7.5, SBC-4 §5.13): whether the medium may be taken out by hand or by a
 * robot.
 */
export function preventAllowMediumRemovalCdb(prevent: boolean): Uint8Array {
  const cdb = cdbOf(0x1e);
  cdb[4] = prevent ? 0x01 : 0;
  return cdb;
}

/** Options of {@link reportSupportedOperationCodesCdb}. */
export interface ReportSupportedOperationCodesCdbOptions {
  /** Operation code to ask about, 0 to 255. @default all commands */
  opcode?: number;
  /** Service action to ask about, 0 to 65535, for operation codes that have those. @default none */
  serviceAction?: number;
  /** Asks for command timeouts too (RCTD). @default false */
  timeouts?: boolean;
}

/** Reporting options (SPC-5 §6.34): all commands, one operation code, one operation code with a service action. */
const ALL_COMMANDS = 0;
const ONE_OPCODE = 1;
const ONE_SERVICE_ACTION = 2;

/**
 * REPORT SUPPORTED OPERATION CODES (SPC-5 §6.34).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 4294967295.
 * @throws {RangeError} when a value does not fit, or a service action comes without an operation code.
 */
export function reportSupportedOperationCodesCdb(
  allocationLength: number,
  options: ReportSupportedOperationCodesCdbOptions = {},
): Uint8Array {
  const { opcode, serviceAction, timeouts = false } = options;
  if (opcode === undefined && serviceAction !== undefined) {
    throw new RangeError("Cannot build a CDB: a service action needs an operation code");
  }
  const cdb = cdbOf(0xa3);
  cdb[1] = 0x0c;
  const one = serviceAction === undefined ? ONE_OPCODE : ONE_SERVICE_ACTION;
  cdb[2] = (timeouts ? 0x80 : 0) | (opcode === undefined ? ALL_COMMANDS : one);
  cdb[3] = checked("operation code", opcode ?? 0, 0xff);
  writeU16(cdb, 4, checked("service action", serviceAction ?? 0, 0xffff));
  writeU32(cdb, 6, checked("allocation length", allocationLength, 0xffffffff));
  return cdb;
}
