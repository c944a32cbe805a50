/**
 * TransportIDs: which initiator port a registration belongs to (SPC-5 §7.6.4).
 *
 * @module
 */

import { readU16, writeU16 } from "../big_endian.ts";

/** Protocol identifier of iSCSI. */
const ISCSI = 0x5;

/** A decoded TransportID. */
export interface TransportId {
  /** Protocol identifier: 0h Fibre Channel, 4h SRP, 5h iSCSI, 6h SAS. */
  readonly protocol: number;
  /**
   * What the protocol calls the port: for iSCSI the initiator's name, for the others the port's identifier in
   * lower-case hex digits. For a protocol that is not known here all bytes after the first four in hex digits.
   */
  readonly name: string;
  /**
   * The ISID of an iSCSI initiator port as lower-case hex digits, 12 as a rule. Absent for the other protocols, and
   * where the device names the initiator as a whole.
   */
  readonly isid?: string;
}

const HEADER_LENGTH = 4;
const PLAIN_LENGTH = 24;
const FORMAT_WITH_ISID = 0x40;
/** Comma, i, comma, 0x: between an initiator's name and its ISID (RFC 7143 §4.4.2). */
const ISID_SEPARATOR = ",i,0x";

/** Where the port's identifier lies in the 24 bytes of protocols that have names of fixed length: begin, end. */
const IDENTIFIERS: Readonly<Record<number, readonly [number, number]>> = {
  0x0: [8, 16],
  0x4: [8, 24],
  0x6: [4, 12],
};

function identifierOf(protocol: number): readonly [number, number] {
  return IDENTIFIERS[protocol] ?? [HEADER_LENGTH, PLAIN_LENGTH];
}

/** Bytes that the TransportID at the beginning of `bytes` takes, at least 4. */
function lengthOf(bytes: Uint8Array): number {
  return (bytes[0] & 0x0f) === ISCSI ? HEADER_LENGTH + readU16(bytes, 2) : PLAIN_LENGTH;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** C0 and C1 control characters, which must not reach a terminal. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

function decodeIscsi(bytes: Uint8Array): Pick<TransportId, "name" | "isid"> {
  const [text] = new TextDecoder().decode(bytes.subarray(HEADER_LENGTH)).split("\0", 1);
  const at = (bytes[0] & 0xc0) === FORMAT_WITH_ISID ? text.indexOf(ISID_SEPARATOR) : -1;
  const name = (at < 0 ? text : text.slice(0, at)).replace(CONTROL, "\ufffd");
  const isid = at < 0 ? "" : text.slice(at + ISID_SEPARATOR.length).toLowerCase();
  return /^[0-9a-f]+$/.test(isid) ? { name, isid } : { name };
}

/** Decodes one TransportID; `undefined` when it is cut off. Never throws. */
export function decodeTransportId(bytes: Uint8Array): TransportId | undefined {
  if (bytes.length < lengthOf(bytes)) return undefined;
  const protocol = bytes[0] & 0x0f;
  const whole = bytes.subarray(0, lengthOf(bytes));
  if (protocol === ISCSI) return { protocol, ...decodeIscsi(whole) };
  return { protocol, name: toHex(whole.subarray(...identifierOf(protocol))) };
}

function encodeIscsi({ name, isid }: TransportId): Uint8Array {
  const text = new TextEncoder().encode(isid === undefined ? name : name + ISID_SEPARATOR + isid);
  // A zero byte ends the text, more pad it to four bytes; 20 is the least that the standard has.
  const length = Math.max(Math.ceil((text.length + 1) / 4) * 4, PLAIN_LENGTH - HEADER_LENGTH);
  const bytes = new Uint8Array(HEADER_LENGTH + length);
  bytes[0] = isid === undefined ? 0 : FORMAT_WITH_ISID;
  writeU16(bytes, 2, length);
  bytes.set(text, HEADER_LENGTH);
  return bytes;
}

function encodePlain({ protocol, name }: TransportId): Uint8Array {
  const bytes = new Uint8Array(PLAIN_LENGTH);
  const [begin, end] = identifierOf(protocol);
  for (let at = begin; at < end; at++) {
    bytes[at] = parseInt(name.slice(2 * (at - begin), 2 * (at - begin) + 2), 16);
  }
  return bytes;
}

/** Encodes one TransportID. The array is the caller's. */
export function encodeTransportId(id: TransportId): Uint8Array {
  const bytes = id.protocol === ISCSI ? encodeIscsi(id) : encodePlain(id);
  bytes[0] |= id.protocol;
  return bytes;
}
