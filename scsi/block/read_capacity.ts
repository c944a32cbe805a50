/**
 * READ CAPACITY: asking a disk how many logical blocks it has, and how long each is (SBC-4 §5).
 *
 * @module
 */

import { writeU32 } from "../big_endian.ts";
import { cdbOf, checkedField } from "../cdb_field.ts";
import { CheckConditionError, UnexpectedResponseError } from "../errors.ts";
import type { CommandOptions } from "../execute.ts";
import type { LogicalUnit } from "../logical_unit.ts";
import { SenseKey } from "../sense_codes.ts";
import {
  type Capacity,
  type Capacity10,
  decodeCapacity10,
  decodeCapacity16,
  encodeCapacity16,
} from "./capacity.ts";
import { executeOnDisk } from "./disk_command.ts";

/** Bytes of the two answers. */
const LENGTH_10 = 8;
const LENGTH_16 = 32;

/** READ CAPACITY(10) (SBC-4 §5). */
export function readCapacity10Cdb(): Uint8Array {
  return cdbOf(0x25);
}

/**
 * READ CAPACITY(16) (SBC-4 §5), a service action of SERVICE ACTION IN(16).
 *
 * @param allocationLength Bytes of room for the answer, 0 to 4294967295; the answer has 32.
 * @throws {RangeError} when it does not fit.
 */
export function readCapacity16Cdb(allocationLength: number): Uint8Array {
  const cdb = cdbOf(0x9e);
  cdb[1] = 0x10;
  writeU32(cdb, 10, checkedField("an allocation length", allocationLength, 0xffffffff));
  return cdb;
}

async function ask(
  unit: LogicalUnit,
  cdb: Uint8Array,
  length: number,
  { signal, timeoutMs }: CommandOptions,
): Promise<Uint8Array> {
  const dataIn = new Uint8Array(length);
  const { dataInLength } = await executeOnDisk(unit, { cdb, dataIn, signal, timeoutMs });
  return dataIn.subarray(0, dataInLength);
}

/**
 * Asks with READ CAPACITY(10), which every disk has.
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 8 bytes, or the block length is 0.
 * @throws {CheckConditionError} when the device refused: it is not ready, or not a disk.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readCapacity10(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<Capacity10> {
  const bytes = await ask(unit, readCapacity10Cdb(), LENGTH_10, options);
  return decodeCapacity10(bytes, { unitName: unit.name });
}

/**
 * Asks with READ CAPACITY(16).
 *
 * @throws {UnexpectedResponseError} when the answer is shorter than 12 bytes, the block length is 0, or there are
 * 2^53 blocks or more.
 * @throws {CheckConditionError} when the device refused: devices older than SBC-3 may lack the command.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readCapacity16(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<Capacity> {
  const bytes = await ask(unit, readCapacity16Cdb(LENGTH_16), LENGTH_16, options);
  return decodeCapacity16(bytes, { unitName: unit.name });
}

function isIllegalRequest(error: unknown): boolean {
  return error instanceof CheckConditionError && !error.sense.deferred &&
    error.sense.key === SenseKey.IllegalRequest;
}

/**
 * Asks a disk for its capacity: with READ CAPACITY(16), which tells most, and with READ CAPACITY(10) where the
 * device refuses that with ILLEGAL REQUEST.
 *
 * @throws {UnexpectedResponseError} when the answer is short, the block length is 0, or the blocks are more than
 * the device's commands or a number can tell.
 * @throws {CheckConditionError} when the device refused: it is not ready, or not a disk.
 * @throws {ScsiStatusError} when it answered another status.
 * @throws {ServiceDeliveryError} when no status came back.
 */
export async function readCapacity(
  unit: LogicalUnit,
  options: CommandOptions = {},
): Promise<Capacity> {
  try {
    return await readCapacity16(unit, options);
  } catch (error) {
    if (!isIllegalRequest(error)) throw error;
  }
  const { blocks, blockBytes } = await readCapacity10(unit, options);
  // What the short answer leaves open is as of a disk without peculiarities.
  if (blocks !== undefined) return decodeCapacity16(encodeCapacity16({ blocks, blockBytes }));
  const problem = "2^32 blocks or more, and READ CAPACITY(16) is refused";
  throw new UnexpectedResponseError({
    commandName: "READ CAPACITY(10)",
    unitName: unit.name,
    problem,
  });
}
