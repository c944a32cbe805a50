/**
 * READ BUFFER and WRITE BUFFER: a device's memory, dumps and microcode (SPC-5).
 *
 * @module
 */

import { readU24, writeU24 } from "./big_endian.ts";
import { cdbOf, checkedField } from "./cdb_field.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeChecked, executeDataIn } from "./execute.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** Modes of READ BUFFER and WRITE BUFFER that serve more than one vendor (SPC-5). */
export const BufferMode = {
  VendorSpecific: 0x01,
  Data: 0x02,
  /** READ BUFFER: how large a buffer is. */
  Descriptor: 0x03,
  /** WRITE BUFFER: microcode, which is used at once. */
  DownloadMicrocode: 0x04,
  /** WRITE BUFFER: microcode, which is saved and used. */
  DownloadMicrocodeSave: 0x05,
  /** WRITE BUFFER: microcode in pieces, which is saved and used. */
  DownloadMicrocodeOffsets: 0x07,
  EchoBuffer: 0x0a,
  /** READ BUFFER: what the device remembers of its errors. */
  ErrorHistory: 0x1c,
} as const;

/** One of the modes of {@link BufferMode}. */
export type BufferMode = (typeof BufferMode)[keyof typeof BufferMode];

/** Which part of which buffer. */
export interface BufferPlace {
  /** Mode, 0 to 31. */
  readonly mode: number;
  /** Further detail of the mode, 0 to 7. @default 0 */
  readonly modeSpecific?: number;
  /** Buffer identifier, 0 to 255. @default 0 */
  readonly id?: number;
  /** Bytes from the buffer's beginning, 0 to 2^24 - 1. @default 0 */
  readonly offset?: number;
}

const MAX_U24 = 0xff_ffff;

function bufferCdb(opcode: number, place: BufferPlace, length: number): Uint8Array {
  const { mode, modeSpecific = 0, id = 0, offset = 0 } = place;
  const cdb = cdbOf(opcode);
  cdb[1] = (checkedField("a mode detail", modeSpecific, 7) << 5) | checkedField("a mode", mode, 31);
  cdb[2] = checkedField("a buffer identifier", id, 0xff);
  writeU24(cdb, 3, checkedField("a buffer offset", offset, MAX_U24));
  writeU24(cdb, 6, checkedField("a length", length, MAX_U24));
  return cdb;
}

/**
 * READ BUFFER(10) (SPC-5).
 *
 * @param allocationLength Bytes of room, 0 to 2^24 - 1.
 * @throws {RangeError} when a value does not fit.
 */
export function readBufferCdb(place: BufferPlace, allocationLength: number): Uint8Array {
  return bufferCdb(0x3c, place, allocationLength);
}

/**
 * WRITE BUFFER (SPC-5).
 *
 * @param parameterListLength Bytes that go with it, 0 to 2^24 - 1.
 * @throws {RangeError} when a value does not fit.
 */
export function writeBufferCdb(place: BufferPlace, parameterListLength: number): Uint8Array {
  return bufferCdb(0x3b, place, parameterListLength);
}

/**
 * Reads at most `length` bytes of a buffer. The array is the caller's.
 *
 * @throws {RangeError} when a value does not fit.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export function readBuffer(
  unit: LogicalUnit,
  place: BufferPlace,
  length: number,
  options: CommandOptions = {},
): Promise<Uint8Array> {
  return executeDataIn(unit, readBufferCdb(place, length), length, options);
}

/**
 * Writes bytes into a buffer. With a microcode mode this changes the device's firmware.
 *
 * @throws {RangeError} when a value does not fit.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function writeBuffer(
  unit: LogicalUnit,
  place: BufferPlace,
  data: Uint8Array,
  options: CommandOptions = {},
): Promise<void> {
  const { signal, timeoutMs } = options;
  const cdb = writeBufferCdb(place, data.length);
  await executeChecked(unit, { cdb, dataOut: data, signal, timeoutMs });
}

/** How large a buffer is. */
export interface BufferDescriptor {
  /** Offsets must be a multiple of this; `undefined` when only offset 0 is allowed. */
  readonly offsetBoundary?: number;
  /** Its size in bytes. */
  readonly bytes: number;
}

const DESCRIPTOR_LENGTH = 4;
/** OFFSET BOUNDARY of a buffer of which only the whole can be had. */
const NO_OFFSETS = 0xff;

/**
 * Asks how large a buffer is.
 *
 * @param id Buffer identifier, 0 to 255.
 * @throws {UnexpectedResponseError} when the answer is shorter than 4 bytes.
 * @throws {CheckConditionError} when the device refused.
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readBufferDescriptor(
  unit: LogicalUnit,
  id: number,
  options: CommandOptions = {},
): Promise<BufferDescriptor> {
  const place = { mode: BufferMode.Descriptor, id };
  const bytes = await readBuffer(unit, place, DESCRIPTOR_LENGTH, options);
  if (bytes.length < DESCRIPTOR_LENGTH) {
    const problem = `${bytes.length} bytes, ${DESCRIPTOR_LENGTH} needed`;
    throw new UnexpectedResponseError({ commandName: "READ BUFFER", unitName: unit.name, problem });
  }
  return {
    ...(bytes[0] !== NO_OFFSETS && { offsetBoundary: 2 ** bytes[0] }),
    bytes: readU24(bytes, 1),
  };
}
