/**
 * Fixed-width text fields (SPC-5 §4.3.1: ASCII, left aligned, padded with spaces).
 *
 * @module
 */

/** Bytes outside printable ASCII come out as this, so that a device cannot send control sequences to a terminal. */
const REPLACEMENT = "\ufffd";

/** The text of a field that may end early, without the spaces and zero bytes around it. */
export function readAscii(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  for (const byte of bytes.subarray(at, at + length)) {
    text += byte === 0 || (byte >= 0x20 && byte < 0x7f) ? String.fromCharCode(byte) : REPLACEMENT;
  }
  return text.replace(/^[\0 ]+|[\0 ]+$/g, "").replaceAll("\0", REPLACEMENT);
}

/** Writes `text` into a field, cut or padded with spaces to `length`. */
export function writeAscii(bytes: Uint8Array, at: number, length: number, text: string): void {
  for (let i = 0; i < length; i++) bytes[at + i] = i < text.length ? text.charCodeAt(i) : 0x20;
}
