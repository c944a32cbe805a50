/**
 * READ ATTRIBUTE and WRITE ATTRIBUTE: the medium auxiliary memory, a chip in the cartridge (SPC-5, medium auxiliary memory).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "./big_endian.ts";
import type { AttributeFormat } from "./attribute_table.ts";
import { cdbOf, checkedField } from "./cdb_field.ts";
import { UnexpectedResponseError } from "./errors.ts";
import { type CommandOptions, executeChecked, executeDataIn } from "./execute.ts";
import type { DecodeOptions } from "./inquiry.ts";
import type { LogicalUnit } from "./logical_unit.ts";

/** Service actions of READ ATTRIBUTE (SPC-5). */
export const ReadAttributeAction = {
  Values: 0x00,
  List: 0x01,
  LogicalVolumeList: 0x02,
  PartitionList: 0x03,
  Supported: 0x05,
} as const;

/** One of the service actions of {@link ReadAttributeAction}. */
export type ReadAttributeAction = (typeof ReadAttributeAction)[keyof typeof ReadAttributeAction];

/** One attribute as it lies in the memory. */
export interface MediumAttribute {
  /** Its identifier. */
  readonly id: number;
  /** Whether it cannot be written. */
  readonly readOnly: boolean;
  /** How its bytes are to be read. */
  readonly format: AttributeFormat;
  /** Its bytes; empty for one that has no value. */
  readonly value: Uint8Array;
}

/** The position in the list is the code that stands for it. */
const FORMATS: readonly AttributeFormat[] = ["binary", "ascii", "text"];

const READ_ONLY = 0x80;
const LIST_HEADER = 4;
const ATTRIBUTE_HEADER = 5;
const WRITE_THROUGH = 0x01;

/** Which attributes READ ATTRIBUTE asks for. */
export interface ReadAttributeCdbOptions {
  /** What to ask for. @default ReadAttributeAction.Values */
  action?: ReadAttributeAction;
  /** Partition whose attributes are meant, 0 to 255. @default 0 */
  partition?: number;
  /** Identifier of the first attribute to give. @default 0 */
  first?: number;
}

/**
 * READ ATTRIBUTE (SPC-5).
 *
 * @param allocationLength Bytes of room.
 * @throws {RangeError} when a value does not fit.
 */
export function readAttributeCdb(
  allocationLength: number,
  options: ReadAttributeCdbOptions = {},
): Uint8Array {
  const { action = ReadAttributeAction.Values, partition = 0, first = 0 } = options;
  const cdb = cdbOf(0x8c);
  cdb[1] = action;
  cdb[7] = checkedField("a partition", partition, 0xff);
  writeU16(cdb, 8, checkedField("an attribute identifier", first, 0xffff));
  writeU32(cdb, 10, checkedField("an allocation length", allocationLength, 0xffffffff));
  return cdb;
}

/**
 * WRITE ATTRIBUTE (SPC-5): into the memory itself, not only into what the drive has cached of it.
 *
 * @param parameterListLength Bytes of attributes that go with it.
 * @throws {RangeError} when a value does not fit.
 */
export function writeAttributeCdb(parameterListLength: number, partition: number = 0): Uint8Array {
  const cdb = cdbOf(0x8d);
  cdb[1] = WRITE_THROUGH;
  cdb[7] = checkedField("a partition", partition, 0xff);
  writeU32(cdb, 10, checkedField("a parameter list length", parameterListLength, 0xffffffff));
  return cdb;
}

/** What came with READ ATTRIBUTE. */
export interface AttributeValues {
  /** The attributes that came whole; the values are views of the decoded array. */
  readonly attributes: readonly MediumAttribute[];
  /** Bytes that the whole answer has, header included. */
  readonly totalLength: number;
}

function checkHeader(bytes: Uint8Array, needed: number, { unitName }: DecodeOptions): void {
  if (bytes.length >= needed) return;
  const problem = `${bytes.length} bytes, at least ${needed} needed`;
  throw new UnexpectedResponseError({ commandName: "READ ATTRIBUTE", unitName, problem });
}

/**
 * Decodes attribute values; an attribute that is cut is left out.
 *
 * @throws {UnexpectedResponseError} when there are fewer than 4 bytes.
 */
export function decodeAttributes(bytes: Uint8Array, options: DecodeOptions = {}): AttributeValues {
  checkHeader(bytes, LIST_HEADER, options);
  const totalLength = LIST_HEADER + readU32(bytes, 0);
  const end = Math.min(bytes.length, totalLength);
  const attributes: MediumAttribute[] = [];
  for (let at = LIST_HEADER; at + ATTRIBUTE_HEADER <= end;) {
    const next = at + ATTRIBUTE_HEADER + readU16(bytes, at + 3);
    if (next > end) break;
    attributes.push({
      id: readU16(bytes, at),
      readOnly: (bytes[at + 2] & READ_ONLY) !== 0,
      format: FORMATS[bytes[at + 2] & 0x03] ?? "binary",
      value: bytes.subarray(at + ATTRIBUTE_HEADER, next),
    });
    at = next;
  }
  return { attributes, totalLength };
}

/**
 * Encodes attributes as WRITE ATTRIBUTE sends and READ ATTRIBUTE gives them. The array is the caller's.
 *
 * @throws {RangeError} when an identifier does not fit, or a value has more than 65535 bytes.
 */
export function encodeAttributes(attributes: readonly MediumAttribute[]): Uint8Array {
  const length = attributes.reduce((sum, { value }) => sum + ATTRIBUTE_HEADER + value.length, 0);
  const bytes = new Uint8Array(LIST_HEADER + length);
  writeU32(bytes, 0, length);
  let at = LIST_HEADER;
  for (const { id, readOnly, format, value } of attributes) {
    writeU16(bytes, at, checkedField("an attribute identifier", id, 0xffff));
    bytes[at + 2] = (readOnly ? READ_ONLY : 0) | FORMATS.indexOf(format);
    writeU16(bytes, at + 3, checkedField("an attribute's length", value.length, 0xffff));
    bytes.set(value, at + ATTRIBUTE_HEADER);
    at += ATTRIBUTE_HEADER + value.length;
  }
  return bytes;
}

/** The memory of a cartridge has 4 to 32 KiB. */
const FIRST_ALLOCATION = 16_384;
const MAX_ALLOCATION = 1 << 20;

async function askWhole(
  unit: LogicalUnit,
  which: ReadAttributeCdbOptions,
  options: CommandOptions,
): Promise<Uint8Array> {
  const ask = (room: number) => executeDataIn(unit, readAttributeCdb(room, which), room, options);
  const first = await ask(FIRST_ALLOCATION);
  checkHeader(first, LIST_HEADER, { unitName: unit.name });
  const whole = LIST_HEADER + readU32(first, 0);
  return whole <= FIRST_ALLOCATION ? first : await ask(Math.min(whole, MAX_ALLOCATION));
}

/**
 * Reads the attributes that have a value, from `first` on. The values are views of one array, the caller's.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than its header.
 * @throws {CheckConditionError} when the device refused: no memory can be reached (05/20), or no such attribute or
 * partition (05/24).
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function readAttributes(
  unit: LogicalUnit,
  options: CommandOptions & Omit<ReadAttributeCdbOptions, "action"> = {},
): Promise<readonly MediumAttribute[]> {
  const { partition, first } = options;
  const bytes = await askWhole(unit, { partition, first }, options);
  return decodeAttributes(bytes, { unitName: unit.name }).attributes;
}

/**
 * Asks which attributes have a value, or (`supported`) which the device knows at all. Errors as {@link readAttributes}.
 */
export async function readAttributeList(
  unit: LogicalUnit,
  options: CommandOptions & { partition?: number; supported?: boolean } = {},
): Promise<number[]> {
  const { partition, supported = false } = options;
  const action = supported ? ReadAttributeAction.Supported : ReadAttributeAction.List;
  const bytes = await askWhole(unit, { action, partition }, options);
  const end = Math.min(bytes.length, LIST_HEADER + readU32(bytes, 0));
  const ids: number[] = [];
  for (let at = LIST_HEADER; at + 2 <= end; at += 2) ids.push(readU16(bytes, at));
  return ids;
}

/** How many partitions have attributes, and which is the first (service action 03h). Errors as {@link readAttributes}. */
export async function readAttributePartitions(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<{ readonly first: number; readonly count: number }> {
  const cdb = readAttributeCdb(LIST_HEADER, { action: ReadAttributeAction.PartitionList });
  const bytes = await executeDataIn(unit, cdb, LIST_HEADER, options);
  checkHeader(bytes, LIST_HEADER, { unitName: unit.name });
  return { first: bytes[2], count: bytes[3] };
}

/**
 * Writes attributes, all or none. An empty value deletes one.
 *
 * @throws {RangeError} when an identifier does not fit, or a value has more than 65535 bytes. Nothing is sent then.
 * @throws {CheckConditionError} when the device refused: read-only or unknown (05/26/00), no room (05/55/xx).
 * @throws {ScsiStatusError} {@link ServiceDeliveryError}
 */
export async function writeAttributes(
  unit: LogicalUnit,
  attributes: readonly MediumAttribute[],
  options: CommandOptions & { partition?: number } = {},
): Promise<void> {
  const { signal, timeoutMs, partition } = options;
  const dataOut = encodeAttributes(attributes);
  const cdb = writeAttributeCdb(dataOut.length, partition);
  await executeChecked(unit, { cdb, dataOut, signal, timeoutMs });
}
