/**
 * CRC32C, the digest of iSCSI (RFC 7143 §13.1, vectors in Appendix A).
 *
 * Headers are short and go through a table here; data segments go through WebAssembly, which is faster from about one
 * kilobyte on and has to be loaded once, asynchronously.
 *
 * @module
 */

import { createCRC32, type IHasher } from "hash-wasm";

/** The Castagnoli polynomial, bit-reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Length of a digest on the wire in bytes. */
export const DIGEST_LENGTH = 4;

const SLICES = 4;
const tables: Int32Array = buildTables();

function buildTables(): Int32Array {
  const result = new Int32Array(256 * SLICES);
  for (let index = 0; index < 256; index++) {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    result[index] = crc;
  }
  for (let index = 256; index < result.length; index++) {
    const previous = result[index - 256];
    result[index] = (previous >>> 8) ^ result[previous & 0xff];
  }
  return result;
}

/**
 * The CRC32C of `bytes`, as an unsigned number; the digest on the wire is this number, least significant byte first.
 * `before` is the CRC of the bytes that precede them.
 */
export function crc32c(bytes: Uint8Array, before: number = 0): number {
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    crc = tables[768 + (crc & 0xff)] ^ tables[512 + ((crc >>> 8) & 0xff)] ^
      tables[256 + ((crc >>> 16) & 0xff)] ^ tables[crc >>> 24];
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
}

/** Writes a CRC as the digest that stands on the wire. */
export function writeDigest(into: Uint8Array, at: number, crc: number): void {
  into[at] = crc;
  into[at + 1] = crc >>> 8;
  into[at + 2] = crc >>> 16;
  into[at + 3] = crc >>> 24;
}

/** Reads a digest from the wire as the number that {@link crc32c} gives. */
export function readDigest(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** A CRC32C over a data segment that arrives or leaves in pieces. */
export class RunningCrc32c {
  readonly #hasher: IHasher;

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  /** Loads the WebAssembly module; one instance serves one direction of one connection. */
  static async load(): Promise<RunningCrc32c> {
    return new RunningCrc32c(await createCRC32(POLYNOMIAL));
  }

  /** Begins a new segment. */
  start(): void {
    this.#hasher.init();
  }

  update(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#hasher.update(bytes);
  }

  /** The CRC of all bytes since {@link start}. */
  finish(): number {
    const digest = this.#hasher.digest("binary");
    return ((digest[0] << 24) | (digest[1] << 16) | (digest[2] << 8) | digest[3]) >>> 0;
  }
}
