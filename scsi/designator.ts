/**
 * Designation descriptors: the names that a device goes by (SPC-5 §7.7.6).
 *
 * @module
 */

import { readAscii } from "./ascii.ts";

/** How a designator's bytes are to be read. */
export type CodeSet = "binary" | "ascii" | "utf-8" | "reserved";

/** What a designator names. */
export type Association = "logical-unit" | "target-port" | "target-device" | "reserved";

/** The kind of name. */
export type DesignatorType =
  | "vendor-specific"
  | "t10-vendor"
  | "eui-64"
  | "naa"
  | "relative-target-port"
  | "target-port-group"
  | "logical-unit-group"
  | "md5"
  | "scsi-name"
  | "protocol-specific-port"
  | "uuid"
  | "reserved";

// The position in each list is the code that stands for it.
const CODE_SETS: readonly CodeSet[] = ["reserved", "binary", "ascii", "utf-8"];
const ASSOCIATIONS: readonly Association[] = [
  "logical-unit",
  "target-port",
  "target-device",
  "reserved",
];
const TYPES: readonly DesignatorType[] = [
  "vendor-specific",
  "t10-vendor",
  "eui-64",
  "naa",
  "relative-target-port",
  "target-port-group",
  "logical-unit-group",
  "md5",
  "scsi-name",
  "protocol-specific-port",
  "uuid",
  "reserved",
];

/** What goes into a designation descriptor. */
export interface DesignatorInput {
  /** How `data` is to be read. */
  readonly codeSet: CodeSet;
  /** What it names. */
  readonly association: Association;
  /** The kind of name. */
  readonly type: DesignatorType;
  /** Protocol identifier when PIV is set: 5h iSCSI, 6h SAS, 0h Fibre Channel. */
  readonly protocol?: number;
  /** The designator itself, at most 255 bytes. */
  readonly data: Uint8Array;
}

/** One decoded designation descriptor; `data` is a view of the decoded array. */
export interface Designator extends DesignatorInput {
  /** The designator as text: trimmed when it is text, else lower-case hex digits. */
  readonly text: string;
}

const HEADER_LENGTH = 4;
const PROTOCOL_VALID = 0x80;

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** C0 and C1 control characters, which must not reach a terminal. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

function textOf(data: Uint8Array, codeSet: CodeSet): string {
  if (codeSet === "ascii") return readAscii(data, 0, data.length);
  if (codeSet !== "utf-8") return toHex(data);
  return new TextDecoder().decode(data).replace(/[\0 ]+$/, "").replace(CONTROL, "\ufffd");
}

function decodeOne(bytes: Uint8Array, at: number): Designator {
  const codeSet = CODE_SETS[bytes[at] & 0x0f] ?? "reserved";
  const data = bytes.subarray(at + HEADER_LENGTH, at + HEADER_LENGTH + bytes[at + 3]);
  return {
    codeSet,
    association: ASSOCIATIONS[(bytes[at + 1] >> 4) & 0x03],
    type: TYPES[bytes[at + 1] & 0x0f] ?? "reserved",
    ...((bytes[at + 1] & PROTOCOL_VALID) !== 0 && { protocol: bytes[at] >> 4 }),
    data,
    text: textOf(data, codeSet),
  };
}

/** Decodes a list of designation descriptors; one that is cut off at the end is left out. Never throws. */
export function decodeDesignators(bytes: Uint8Array): Designator[] {
  const all: Designator[] = [];
  let at = 0;
  while (at + HEADER_LENGTH <= bytes.length) {
    const next = at + HEADER_LENGTH + bytes[at + 3];
    if (next > bytes.length) break;
    all.push(decodeOne(bytes, at));
    at = next;
  }
  return all;
}

/** Encodes a list of designation descriptors. The array is the caller's. */
export function encodeDesignators(designators: readonly DesignatorInput[]): Uint8Array {
  const length = designators.reduce((sum, each) => sum + HEADER_LENGTH + each.data.length, 0);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const { codeSet, association, type, protocol, data } of designators) {
    bytes[at] = ((protocol ?? 0) << 4) | CODE_SETS.indexOf(codeSet);
    bytes[at + 1] = (protocol === undefined ? 0 : PROTOCOL_VALID) |
      (ASSOCIATIONS.indexOf(association) << 4) | TYPES.indexOf(type);
    bytes[at + 3] = data.length;
    bytes.set(data, at + HEADER_LENGTH);
    at += HEADER_LENGTH + data.length;
  }
  return bytes;
}
