/**
 * The state of a medium as the sidecar of its image has it, checked.
 *
 * @module
 */

import type { MediumState, StoredAttribute } from "../tape/medium.ts";

type Fields = Readonly<Record<string, unknown>>;

const MAX_ATTRIBUTE_ID = 0xffff;
const HEX = /^([0-9a-f]{2})*$/;

/**
 * The state that these fields hold; what is not there is as on a new medium, what is not known is ignored.
 *
 * @throws {TypeError} when a field is of the wrong kind; its message names the field.
 */
export function decodeState(fields: Fields): MediumState {
  return {
    writeProtected: flag(fields, "writeProtected") ?? false,
    worm: flag(fields, "worm"),
    barcode: text(fields, "barcode"),
    densityCode: count(fields, "densityCode"),
    capacityBytes: count(fields, "capacityBytes"),
    earlyWarningBytes: count(fields, "earlyWarningBytes"),
    capacityProportion: count(fields, "capacityProportion"),
    partitionBytes: list(fields, "partitionBytes", isCount, "whole numbers"),
    loadCount: count(fields, "loadCount"),
    bytesWritten: count(fields, "bytesWritten"),
    bytesRead: count(fields, "bytesRead"),
    recordsWritten: count(fields, "recordsWritten"),
    recordsRead: count(fields, "recordsRead"),
    unrecoveredWrites: count(fields, "unrecoveredWrites"),
    unrecoveredReads: count(fields, "unrecoveredReads"),
    recoveredReads: count(fields, "recoveredReads"),
    beginningPasses: count(fields, "beginningPasses"),
    middlePasses: count(fields, "middlePasses"),
    formatCount: count(fields, "formatCount"),
    volumeChangeReference: count(fields, "volumeChangeReference"),
    lastDrives: list(fields, "lastDrives", isText, "texts"),
    attributes: list(fields, "attributes", isAttribute, "attributes"),
    partition: count(fields, "partition") ?? 0,
    object: count(fields, "object") ?? 0,
    blockBytes: count(fields, "blockBytes"),
    compression: flag(fields, "compression"),
  };
}

function count(fields: Fields, name: string): number | undefined {
  const value = fields[name];
  if (value === undefined || isCount(value)) return value;
  throw new TypeError(`its ${name} is not a whole number`);
}

function flag(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw new TypeError(`its ${name} is neither true nor false`);
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || isText(value)) return value;
  throw new TypeError(`its ${name} is not a text`);
}

function list<Item>(
  fields: Fields,
  name: string,
  isItem: (value: unknown) => value is Item,
  what: string,
): readonly Item[] | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(isItem)) return value;
  throw new TypeError(`its ${name} is not a list of ${what}`);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isAttribute(value: unknown): value is StoredAttribute {
  if (typeof value !== "object" || value === null) return false;
  const { id, partition, format, value: hex } = value as Record<string, unknown>;
  return isCount(id) && id <= MAX_ATTRIBUTE_ID && isCount(partition) && isCount(format) &&
    isText(hex) && HEX.test(hex);
}
