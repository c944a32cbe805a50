/**
 * REPORT SUPPORTED OPERATION CODES: which commands a device has, and how long each may take (SPC-5 §6.34).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "./big_endian.ts";
import { reportSupportedOperationCodesCdb } from "./cdb.ts";
import { CheckConditionError, UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeDataIn } from "./execute.ts";
import type { DecodeOptions } from "./inquiry.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** One command that a device has. */
export interface SupportedOperation {
  /** Byte 0 of the CDB. */
  readonly opcode: number;
  /** Service action, for operation codes that hold several commands. */
  readonly serviceAction?: number;
  /** Bytes of the CDB. */
  readonly cdbLength: number;
  /** Seconds that the command normally takes, before the device may be asked after it. Absent when not told. */
  readonly nominalSeconds?: number;
  /** Seconds after which the command may be given up. Absent when not told. */
  readonly recommendedSeconds?: number;
}

/** Commands that a device has. */
export interface SupportedOperations {
  /** The commands that came, in the device's order. */
  readonly operations: readonly SupportedOperation[];
  /** Bytes that the whole answer has, header included; more than came when it was cut. */
  readonly totalLength: number;
}

const HEADER_LENGTH = 4;

const SERVICE_ACTION = 2;
const FLAGS = 5;
const CDB_LENGTH = 6;
const DESCRIPTOR_LENGTH = 8;
const HAS_TIMEOUTS = 0x02;
const HAS_SERVICE_ACTION = 0x01;

/** The command timeouts descriptor: its length field excludes itself. */
const TIMEOUTS_LENGTH = 12;
const NOMINAL = 4;
const RECOMMENDED = 8;

/** The timeouts descriptor at the beginning of `bytes`, by the length that it gives itself, as far as it came. */
function timeoutsIn(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, 2 + readU16(bytes, 0));
}

/** 0 says that no time is given. */
function decodeTimeouts(descriptor: Uint8Array): Partial<SupportedOperation> {
  if (descriptor.length < TIMEOUTS_LENGTH) return {};
  const nominalSeconds = readU32(descriptor, NOMINAL);
  const recommendedSeconds = readU32(descriptor, RECOMMENDED);
  return {
    ...(nominalSeconds !== 0 && { nominalSeconds }),
    ...(recommendedSeconds !== 0 && { recommendedSeconds }),
  };
}

/**
 * Decodes the list of all commands; a descriptor that is cut off at the end is left out.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 4 bytes.
 */
export function decodeSupportedOperations(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): SupportedOperations {
  if (bytes.length < HEADER_LENGTH) throw tooShort(bytes, HEADER_LENGTH, options);
  const totalLength = HEADER_LENGTH + readU32(bytes, 0);
  const end = Math.min(bytes.length, totalLength);
  const operations: SupportedOperation[] = [];
  for (let at = HEADER_LENGTH; at + DESCRIPTOR_LENGTH <= end;) {
    const flags = bytes[at + FLAGS];
    const rest = bytes.subarray(at + DESCRIPTOR_LENGTH, end);
    const timeouts = (flags & HAS_TIMEOUTS) === 0 ? rest.subarray(0, 0) : timeoutsIn(rest);
    operations.push({
      opcode: bytes[at],
      ...((flags & HAS_SERVICE_ACTION) !== 0 &&
        { serviceAction: readU16(bytes, at + SERVICE_ACTION) }),
      cdbLength: readU16(bytes, at + CDB_LENGTH),
      ...decodeTimeouts(timeouts),
    });
    at += DESCRIPTOR_LENGTH + timeouts.length;
  }
  return { operations, totalLength };
}

function encodeOne(operation: SupportedOperation, bytes: Uint8Array, at: number): void {
  const { opcode, serviceAction, cdbLength } = operation;
  bytes[at] = opcode;
  writeU16(bytes, at + SERVICE_ACTION, serviceAction ?? 0);
  bytes[at + FLAGS] = serviceAction === undefined ? 0 : HAS_SERVICE_ACTION;
  writeU16(bytes, at + CDB_LENGTH, cdbLength);
}

function encodeTimeouts(operation: SupportedOperation, bytes: Uint8Array, at: number): void {
  writeU16(bytes, at, TIMEOUTS_LENGTH - 2);
  writeU32(bytes, at + NOMINAL, operation.nominalSeconds ?? 0);
  writeU32(bytes, at + RECOMMENDED, operation.recommendedSeconds ?? 0);
}

/** Options of {@link encodeSupportedOperations}. */
export interface EncodeSupportedOperationsOptions {
  /** Adds a timeouts descriptor to every command, as RCTD asks. @default false */
  timeouts?: boolean;
}

/** Encodes the list of all commands. The array is the caller's. */
export function encodeSupportedOperations(
  operations: readonly SupportedOperation[],
  options: EncodeSupportedOperationsOptions = {},
): Uint8Array {
  const { timeouts = false } = options;
  const step = DESCRIPTOR_LENGTH + (timeouts ? TIMEOUTS_LENGTH : 0);
  const bytes = new Uint8Array(HEADER_LENGTH + operations.length * step);
  writeU32(bytes, 0, bytes.length - HEADER_LENGTH);
  operations.forEach((operation, i) => {
    const at = HEADER_LENGTH + i * step;
    encodeOne(operation, bytes, at);
    if (!timeouts) return;
    bytes[at + FLAGS] |= HAS_TIMEOUTS;
    encodeTimeouts(operation, bytes, at + DESCRIPTOR_LENGTH);
  });
  return bytes;
}

const INVALID_FIELD_IN_CDB = 0x24;

function isInvalidField(error: unknown): boolean {
  return error instanceof CheckConditionError && error.sense.asc === INVALID_FIELD_IN_CDB;
}

/** Asks with timeouts; drives from before SPC-4 (SDLT 600, DLT-S4) do not know RCTD, and may refuse a reserved bit. */
async function report(
  unit: LogicalUnit,
  allocation: number,
  which: { readonly opcode?: number; readonly serviceAction?: number },
  options: CommandOptions,
): Promise<Uint8Array> {
  const ask = (timeouts: boolean) => {
    const cdb = reportSupportedOperationCodesCdb(allocation, { ...which, timeouts });
    return executeDataIn(unit, cdb, allocation, options);
  };
  try {
    return await ask(true);
  } catch (error) {
    if (!isInvalidField(error)) throw error;
    return await ask(false);
  }
}

/** Room for 200 commands with timeouts. */
const FIRST_ALLOCATION = 4096;
/** Every operation code with every service action that anyone uses fits; a longer list is not believed. */
const MAX_ALLOCATION = 0xffff;

/**
 * Asks a device for all commands that it has, with their timeouts where it knows of those.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than its header.
 * @throws {CheckConditionError} when the device refused: many do not have this command.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readSupportedOperations(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<readonly SupportedOperation[]> {
  const ask = async (allocation: number) => {
    const bytes = await report(unit, allocation, {}, options);
    return decodeSupportedOperations(bytes, { unitName: unit.name });
  };
  const first = await ask(FIRST_ALLOCATION);
  if (first.totalLength <= FIRST_ALLOCATION) return first.operations;
  return (await ask(Math.min(first.totalLength, MAX_ALLOCATION))).operations;
}

/** Whether a device has one command. */
export interface OperationSupport {
  /** `unknown`: the device cannot tell now. */
  readonly support: "unknown" | "no" | "standard" | "vendor";
  /** Which bits of the CDB the device looks at (CDB USAGE DATA); empty when it does not have the command, or cannot tell. */
  readonly usage: Uint8Array;
  /** Seconds that the command normally takes. Absent when not told. */
  readonly nominalSeconds?: number;
  /** Seconds after which the command may be given up. Absent when not told. */
  readonly recommendedSeconds?: number;
}

const SUPPORT: Readonly<Record<number, OperationSupport["support"]>> = {
  1: "no",
  3: "standard",
  5: "vendor",
};
const ONE_HEADER_LENGTH = 4;
const ONE_HAS_TIMEOUTS = 0x80;

/**
 * Decodes what a device says of one command (SPC-5 §6.34.3). The usage data is a view of the decoded array.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 4 bytes.
 */
export function decodeOperationSupport(
  bytes: Uint8Array,
  options: DecodeOptions = {},
): OperationSupport {
  if (bytes.length < ONE_HEADER_LENGTH) throw tooShort(bytes, ONE_HEADER_LENGTH, options);
  const support = SUPPORT[bytes[1] & 0x07] ?? "unknown";
  // What follows then is undefined.
  if (support === "no" || support === "unknown") return { support, usage: bytes.subarray(0, 0) };
  const end = ONE_HEADER_LENGTH + readU16(bytes, 2);
  const hasTimeouts = (bytes[1] & ONE_HAS_TIMEOUTS) !== 0;
  return {
    support,
    usage: bytes.subarray(ONE_HEADER_LENGTH, end),
    ...(hasTimeouts && decodeTimeouts(timeoutsIn(bytes.subarray(end)))),
  };
}

function tooShort(bytes: Uint8Array, needed: number, { unitName }: DecodeOptions): Error {
  return new UnexpectedResponseError({
    commandName: "REPORT SUPPORTED OPERATION CODES",
    unitName,
    problem: `${bytes.length} bytes, at least ${needed} needed`,
  });
}

/** Room for a CDB of any length with its timeouts. */
const ONE_ALLOCATION = 512;

/**
 * Asks a device whether it has one command, and how long it may take. Errors as {@link readSupportedOperations}.
 *
 * @throws {RangeError} when a code does not fit.
 */
export async function readOperationSupport(
  unit: LogicalUnit,
  command: { readonly opcode: number; readonly serviceAction?: number },
  options: CommandOptions = {},
): Promise<OperationSupport> {
  const bytes = await report(unit, ONE_ALLOCATION, command, options);
  return decodeOperationSupport(bytes, { unitName: unit.name });
}
