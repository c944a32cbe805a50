/**
 * Values of `key=value` text: numbers, booleans, lists and binary strings (RFC 7143 §6.1).
 *
 * @module
 */

/** A numerical value, decimal or hexadecimal with `0x`; undefined when it is neither or beyond 2^53. */
export function parseNumber(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A boolean value, `Yes` or `No`; undefined when it is neither. */
export function parseBoolean(text: string): boolean | undefined {
  return text === "Yes" ? true : text === "No" ? false : undefined;
}

/** `Yes` or `No`. */
export function formatBoolean(value: boolean): string {
  return value ? "Yes" : "No";
}

/** The members of a list of values. */
export function parseList(text: string): string[] {
  return text.split(",");
}

/** A binary value as a hexadecimal constant. */
export function formatBinary(bytes: Uint8Array): string {
  return "0x" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A binary value: hexadecimal (`0x`, where an odd number of digits has a zero before it) or base64 (`0b`). Undefined
 * when it is neither, empty, or longer than `maxBytes`. The array is the caller's.
 */
export function parseBinary(text: string, maxBytes: number): Uint8Array | undefined {
  const digits = text.slice(2);
  const prefix = text.slice(0, 2).toLowerCase();
  const bytes = prefix === "0x"
    ? fromHex(digits)
    : prefix === "0b"
    ? fromBase64(digits)
    : undefined;
  return bytes !== undefined && bytes.length > 0 && bytes.length <= maxBytes ? bytes : undefined;
}

function fromHex(digits: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]+$/.test(digits)) return undefined;
  const even = digits.length % 2 === 0 ? digits : "0" + digits;
  return Uint8Array.from(
    { length: even.length / 2 },
    (_, i) => parseInt(even.slice(2 * i, 2 * i + 2), 16),
  );
}

function fromBase64(digits: string): Uint8Array | undefined {
  const quads = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
  if (!quads.test(digits)) return undefined;
  return Uint8Array.from(atob(digits), (char) => char.charCodeAt(0));
}
