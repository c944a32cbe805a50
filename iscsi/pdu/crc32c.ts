/**
 * CRC32C, the digest of iSCSI (RFC 7143 §13.1, vectors in Appendix A).
 *
 * Headers are short and go through a table here; data segments go through WebAssembly, which is faster from about one
 * kilobyte on and has to be loaded once, asynchronously.
 *
 * @module
 */

import type { IHasher } from "hash-wasm";
import { CRC32C_POLYNOMIAL } from "../../scsi/crc32c.ts";

export { crc32c } from "../../scsi/crc32c.ts";

/** Length of a digest on the wire in bytes. */
export const DIGEST_LENGTH = 4;

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
    // Its code takes 4 MB, which sessions without digests need not hold.
    const { createCRC32 } = await import("hash-wasm");
    return new RunningCrc32c(await createCRC32(CRC32C_POLYNOMIAL));
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
