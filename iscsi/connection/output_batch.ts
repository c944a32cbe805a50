/**
 * What one write to the socket takes: PDUs gathered into as few chunks as possible, payloads by reference.
 *
 * @module
 */

import { writeU24 } from "../../scsi/big_endian.ts";
import { BHS_LENGTH, DATA_SEGMENT_LENGTH, padded, TOTAL_AHS_LENGTH } from "../pdu/bhs.ts";
import { crc32c, DIGEST_LENGTH, type RunningCrc32c, writeDigest } from "../pdu/crc32c.ts";

/** Room for the headers, padding, digests and short payloads of one batch; a batch that needs more takes another. */
const ARENA_BYTES = 16 * 1024;
/** Payloads up to this length are copied beside their header: cheaper than a chunk of their own. */
const COPY_BYTES = 2048;

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Gathers PDUs. One batch is filled while the socket still holds another: its chunks are valid until `clear`.
 */
export class OutputBatch {
  readonly #bhs: Uint8Array = new Uint8Array(BHS_LENGTH);
  #arena: Uint8Array = new Uint8Array(ARENA_BYTES);
  #used = 0;
  #chunkStart = 0;
  #chunks: Uint8Array[] = [];
  #payloadBytes = 0;

  /** Data segment bytes gathered so far. */
  get payloadBytes(): number {
    return this.#payloadBytes;
  }

  get empty(): boolean {
    return this.#chunks.length === 0 && this.#used === this.#chunkStart;
  }

  /** A buffer to encode the next header into, then {@link add}. */
  get bhs(): Uint8Array {
    return this.#bhs;
  }

  /** Adds the PDU whose header was encoded into {@link bhs}. `data` must not change until the batch is written. */
  add(
    data: Uint8Array,
    digests: OutputDigests,
    ahs: Uint8Array = NO_BYTES,
  ): void {
    this.#bhs[TOTAL_AHS_LENGTH] = ahs.length / 4;
    writeU24(this.#bhs, DATA_SEGMENT_LENGTH, data.length);
    this.#addHeader(ahs, digests.header);
    if (data.length === 0) return;
    this.#payloadBytes += data.length;
    if (data.length <= COPY_BYTES) this.#copy(data);
    else this.#refer(data);
    this.#addTrailer(data, digests.data);
  }

  /** Adds whole PDUs as they are to be on the wire. `bytes` must not change until the batch is written. */
  addEncoded(bytes: Uint8Array): void {
    this.#refer(bytes);
  }

  /** The chunks to write, in order. */
  take(): readonly Uint8Array[] {
    this.#closeChunk();
    return this.#chunks;
  }

  /** The batch has been written and may be filled again. */
  clear(): void {
    this.#chunks = [];
    this.#used = 0;
    this.#chunkStart = 0;
    this.#payloadBytes = 0;
  }

  #addHeader(ahs: Uint8Array, digest: boolean): void {
    const length = BHS_LENGTH + ahs.length;
    const at = this.#reserve(length + DIGEST_LENGTH);
    this.#arena.set(this.#bhs, at);
    if (ahs.length > 0) this.#arena.set(ahs, at + BHS_LENGTH);
    this.#used += length;
    if (!digest) return;
    writeDigest(this.#arena, at + length, crc32c(this.#arena.subarray(at, at + length)));
    this.#used += DIGEST_LENGTH;
  }

  #addTrailer(data: Uint8Array, digest: RunningCrc32c | undefined): void {
    const padding = padded(data.length) - data.length;
    if (padding === 0 && digest === undefined) return;
    const at = this.#reserve(padding + DIGEST_LENGTH);
    const pad = this.#arena.subarray(at, at + padding);
    pad.fill(0);
    this.#used += padding;
    if (!digest) return;
    writeDigest(this.#arena, at + padding, segmentCrc(data, pad, digest));
    this.#used += DIGEST_LENGTH;
  }

  #copy(data: Uint8Array): void {
    const at = this.#reserve(data.length);
    this.#arena.set(data, at);
    this.#used += data.length;
  }

  #refer(data: Uint8Array): void {
    this.#closeChunk();
    this.#chunks.push(data);
  }

  #closeChunk(): void {
    if (this.#used > this.#chunkStart) {
      this.#chunks.push(this.#arena.subarray(this.#chunkStart, this.#used));
    }
    this.#chunkStart = this.#used;
  }

  /** Makes sure that `length` bytes fit behind what is used, in a new arena if need be. */
  #reserve(length: number): number {
    if (this.#used + length > this.#arena.length) {
      this.#closeChunk();
      this.#arena = new Uint8Array(ARENA_BYTES);
      this.#used = 0;
      this.#chunkStart = 0;
    }
    return this.#used;
  }
}

/** Which digests go out with each PDU. */
export interface OutputDigests {
  readonly header: boolean;
  readonly data: RunningCrc32c | undefined;
}

/** Login and everything before full feature phase goes without (RFC 7143 §13.1). */
export const NO_DIGESTS: OutputDigests = { header: false, data: undefined };

function segmentCrc(data: Uint8Array, pad: Uint8Array, running: RunningCrc32c): number {
  running.start();
  running.update(data);
  running.update(pad);
  return running.finish();
}
