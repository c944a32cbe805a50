/**
 * Unpacking of compressed records: the host's zlib.
 *
 * @module
 */

import { inflateSync } from "node:zlib";

/**
 * What these bytes, in zlib's format (RFC 1950), stand for; the array is the caller's. `undefined` when they are
 * damaged, or stand for more than `maxBytes`.
 */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined {
  try {
    return new Uint8Array(inflateSync(bytes, { maxOutputLength: maxBytes }));
  } catch {
    return undefined;
  }
}
