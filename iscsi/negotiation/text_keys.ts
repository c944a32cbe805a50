/**
 * The text format of Login and Text PDUs: `key=value` pairs, each ended by a NUL (RFC 7143 §6.1).
 *
 * @module
 */

import { ProtocolError } from "../errors.ts";
import { concat } from "../../transport/concat.ts";

/** One `key=value` pair. */
export type KeyValuePair = readonly [key: string, value: string];

/** Bounds on a text that a peer sends. */
export interface TextLimits {
  /**
   * Bytes of the whole text, over all PDUs that it spans. RFC 7143 §6.1 demands 8 KiB, and 64 KiB where long
   * authentication values are possible.
   *
   * @default 65536
   */
  readonly maxTextBytes?: number;
  /** Bytes of one value. @default 8192 */
  readonly maxValueBytes?: number;
  /** Keys that may come more than once. @default ["TargetAddress"] */
  readonly repeatable?: readonly string[];
}

/** RFC 7143 §6.1: a key name has at most 63 bytes. */
const MAX_KEY_BYTES = 63;
const NUL = 0;
const KEY_NAME = /^[!-<>-~]{1,63}$/;

/** The bytes of `pairs`. The array is the caller's. */
export function encodeText(pairs: readonly KeyValuePair[]): Uint8Array {
  return new TextEncoder().encode(pairs.map(([key, value]) => `${key}=${value}\0`).join(""));
}

/**
 * The pairs of a complete text, in order. NULs after the last pair are padding; a value may be empty and may hold
 * `=`; keys are case sensitive. During login only TargetAddress may come more than once (RFC 7143 §6.3).
 *
 * @throws {ProtocolError} when the text is malformed or exceeds its bounds.
 */
export function decodeText(text: Uint8Array, limits: TextLimits = {}): KeyValuePair[] {
  const { maxTextBytes = 65536, maxValueBytes = 8192, repeatable = ["TargetAddress"] } = limits;
  if (text.length > maxTextBytes) {
    throw malformed(`${text.length} bytes, more than ${maxTextBytes}`);
  }
  const pairs: KeyValuePair[] = [];
  const seen = new Set<string>();
  const end = endOfLastPair(text);
  for (let at = 0; at < end;) {
    const stop = text.indexOf(NUL, at);
    if (stop < 0) throw malformed("the last pair does not end with a NUL");
    const pair = decodePair(text.subarray(at, stop), maxValueBytes);
    if (seen.has(pair[0]) && !repeatable.includes(pair[0])) {
      throw malformed(`${pair[0]} comes twice`);
    }
    seen.add(pair[0]);
    pairs.push(pair);
    at = stop + 1;
  }
  return pairs;
}

/** Index behind the last byte that is not a NUL: where padding begins, less the NUL that ends the last pair. */
function endOfLastPair(text: Uint8Array): number {
  let end = text.length;
  while (end > 0 && text[end - 1] === NUL) end--;
  return end;
}

function decodePair(bytes: Uint8Array, maxValueBytes: number): KeyValuePair {
  const equals = bytes.indexOf(0x3d);
  if (equals < 0) throw malformed("a pair has no equals sign");
  if (equals > MAX_KEY_BYTES) throw malformed(`a key name has more than ${MAX_KEY_BYTES} bytes`);
  const key = utf8(bytes.subarray(0, equals));
  if (!KEY_NAME.test(key)) throw malformed("a key name is empty or not printable ASCII");
  if (bytes.length - equals - 1 > maxValueBytes) {
    throw malformed(`the value of ${key} has more than ${maxValueBytes} bytes`);
  }
  return [key, utf8(bytes.subarray(equals + 1))];
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ProtocolError("Cannot read negotiation text: it is not UTF-8", { cause });
  }
}

function malformed(why: string): ProtocolError {
  return new ProtocolError(`Cannot read negotiation text: ${why}`);
}

/** Joins the parts of a text that the C bit spreads over several PDUs; a pair may straddle them (RFC 7143 §6.1). */
export class TextAccumulator {
  readonly #limits: TextLimits;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** An accumulator that holds nothing yet. */
  constructor(limits: TextLimits = {}) {
    this.#limits = limits;
  }

  /**
   * Adds the data segment of one PDU; `data` is copied. Returns the pairs once `more` (the C bit) is false, and
   * begins anew.
   *
   * @throws {ProtocolError} when the text is malformed or exceeds its bounds.
   */
  push(data: Uint8Array, more: boolean): KeyValuePair[] | undefined {
    const { maxTextBytes = 65536 } = this.#limits;
    this.#length += data.length;
    if (this.#length > maxTextBytes) {
      throw malformed(`${this.#length} bytes and more, with a bound of ${maxTextBytes}`);
    }
    if (data.length > 0) this.#parts.push(new Uint8Array(data));
    if (more) return undefined;
    const text = concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return decodeText(text, this.#limits);
  }
}

/**
 * Cuts a text into data segments of at most `maxBytes` bytes; all but the last go out with the C bit set. There is
 * always at least one, an empty one for an empty text. The segments are views of `text`.
 */
export function splitText(text: Uint8Array, maxBytes: number): Uint8Array[] {
  const segments: Uint8Array[] = [];
  let at = 0;
  do {
    segments.push(text.subarray(at, at + maxBytes));
    at += maxBytes;
  } while (at < text.length);
  return segments;
}
