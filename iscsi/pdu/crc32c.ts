/**
 * CRC32C, the digest of iSCSI (RFC 7143 §13.1, vectors in Appendix A).
 *
 * Headers are short and go through a table; data segments go through WebAssembly, which is faster from one or two kilobytes on.
 *
 * @module
 */

import { crc32c } from "../../scsi/crc32c.ts";
import { FoldingCrc32c } from "./folding_crc32c.ts";

export { crc32c };

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

/** A CRC32C over a data segment that arrives or leaves in pieces. One instance serves one direction of one connection. */
export class RunningCrc32c {
  readonly #folding = new FoldingCrc32c();
  #crc = 0;

  /** Begins a new segment. */
  start(): void {
    this.#crc = 0;
  }

  /** Goes on with the bytes that follow, of which nothing is kept. */
  update(bytes: Uint8Array): void {
    this.#crc = this.#folding.crc32c(bytes, this.#crc);
  }

  /** The CRC of all bytes since {@link start}. */
  finish(): number {
    return this.#crc;
  }
}
