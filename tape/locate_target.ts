/**
 * Places that a caller names by their numbers (SSC-4, LOCATE).
 *
 * @module
 */

import { typeName } from "../scsi/bytes.ts";
import { type LocateCdbOptions, LocateDestination } from "./commands.ts";
import { TapeError } from "./errors.ts";

/**
 * Where `locate()` goes: the number of an object, as `position()` gives it; that and a partition; the beginning of a file, after so many filemarks; or
 * the end of data.
 */
export type LocateTarget =
  | number
  | { readonly object: number; readonly partition?: number }
  | { readonly file: number; readonly partition?: number }
  | "end-of-data";

/** PARTITION in a CDB is one byte. */
export const MAX_PARTITION: number = 0xff;

/**
 * What the CDB of a LOCATE is to say.
 *
 * @throws {TapeError} of kind `invalid-argument` when there can be no such place.
 */
export function locateOptions(target: Exclude<LocateTarget, "end-of-data">): LocateCdbOptions {
  const place = typeof target === "number" ? { object: target } : target;
  if (typeof place !== "object" || place === null) {
    const forms = 'a number, { object }, { file } or "end-of-data"';
    const message = `Cannot locate a value of type ${typeName(target)}: it has to be ${forms}`;
    throw new TapeError("invalid-argument", message);
  }
  const isFile = "file" in place;
  const number = isFile ? place.file : place.object;
  checkPlace(number, place.partition, isFile ? "file" : "object");
  const destination = isFile ? LocateDestination.File : LocateDestination.Object;
  return { number, destination, partition: place.partition };
}

/**
 * Checks the numbers of a place.
 *
 * @throws {TapeError} of kind `invalid-argument` when they do not fit into a CDB: that would lead to another place.
 */
export function checkPlace(
  number: number,
  partition: number | undefined,
  what: "object" | "file" = "object",
): void {
  const isNumber = Number.isSafeInteger(number) && number >= 0;
  const isPartition = partition === undefined ||
    Number.isInteger(partition) && partition >= 0 && partition <= MAX_PARTITION;
  if (isNumber && isPartition) return;
  const where = partition === undefined ? "" : ` of partition ${partition}`;
  const range = `numbers are whole, partitions 0 to ${MAX_PARTITION}`;
  throw new TapeError(
    "invalid-argument",
    `Cannot go to ${what} ${number}${where}: there is no such place, ${range}`,
  );
}
