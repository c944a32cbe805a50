/**
 * Cuts an incoming stream of bytes into PDUs (RFC 7143 §11.2): says where the next bytes belong, verifies digests, and
 * hands over whole PDUs. It does no I/O, and large data segments never pass through its staging buffer.
 *
 * @module
 */

import { DigestError, ProtocolError } from "../errors.ts";
import { ahsLength, BHS_LENGTH, dataSegmentLength, padded } from "./bhs.ts";
import { crc32c, DIGEST_LENGTH, readDigest, type RunningCrc32c } from "./crc32c.ts";

/**
 * Where a data segment goes: there, or, when `undefined`, to a buffer of the framer's own. `"later"`: the PDU has to wait
 * for {@link PduFramer.resume}, and all that is behind it.
 */
export type Placement = Uint8Array | "later" | undefined;

/** Whoever owns the framer: says where data segments go and takes the PDUs. */
export interface PduSink {
  /**
   * A header is complete and, with header digests on, verified. Returns where its data segment of `dataLength` bytes
   * goes; is called again for the same PDU after it said `"later"`. `header` is BHS and AHS, valid during the call.
   */
  place(header: Uint8Array, dataLength: number): Placement;
  /**
   * A PDU is complete. `header` and `data` are valid during the call only, unless `place` named the place of `data`.
   * `dataIntact` is false when the data digest was wrong.
   */
  receive(header: Uint8Array, data: Uint8Array, dataIntact: boolean): void;
}

/** Bounds of a {@link PduFramer}. */
export interface FramerOptions {
  /** Longest data segment to accept, in bytes: what this side declared as MaxRecvDataSegmentLength. */
  readonly maxDataSegmentLength: number;
  /** Size of the staging buffer in bytes: larger means fewer reads for small PDUs, and more copying for large ones. */
  readonly stagingBytes: number;
}

/**
 * How much a read takes of a header and what is behind it where long data is expected: most of that then goes to its
 * place without a copy.
 */
const LONG_PDU_READ_BYTES = 8192;
/** Below this many missing bytes a read goes through staging, so that it can bring the next header along. */
const DIRECT_READ_BYTES = 8192;
const MAX_HEADER_BYTES = BHS_LENGTH + 255 * 4 + DIGEST_LENGTH;
const NO_BYTES: Uint8Array = new Uint8Array(0);

type Stage = "header" | "place" | "data" | "trailer";

export class PduFramer {
  maxDataSegmentLength: number;

  readonly #sink: PduSink;
  readonly #staging: Uint8Array;
  #start = 0;
  #end = 0;
  /** Whether the last PDU with data was longer than the staging buffer, as the next one probably is. */
  #expectsLong = false;

  #headerDigest = false;
  #dataCrc: RunningCrc32c | undefined;

  #stage: Stage = "header";
  readonly #header: Uint8Array = new Uint8Array(MAX_HEADER_BYTES);
  readonly #bhs: Uint8Array = this.#header.subarray(0, BHS_LENGTH);
  #headerLength = 0;
  #own: Uint8Array = NO_BYTES;
  #data: Uint8Array = NO_BYTES;
  #filled = 0;

  constructor(sink: PduSink, options: FramerOptions) {
    this.#sink = sink;
    this.maxDataSegmentLength = options.maxDataSegmentLength;
    this.#staging = new Uint8Array(Math.max(options.stagingBytes, 2 * MAX_HEADER_BYTES));
  }

  /** Turns digests on for the PDUs that follow: full feature phase begins (RFC 7143 §13.1). */
  setDigests(header: boolean, data: RunningCrc32c | undefined): void {
    this.#headerDigest = header;
    this.#dataCrc = data;
  }

  /** Whether the stream may end here without cutting a PDU in two. */
  get betweenPdus(): boolean {
    return this.#stage === "header" && this.#start === this.#end;
  }

  /** Whether a PDU waits for {@link resume}: no bytes may be taken in until then. */
  get held(): boolean {
    return this.#stage === "place";
  }

  /** There may be a place for the PDU that waits, and for what is behind it. Throws what {@link advance} throws. */
  resume(): void {
    while (this.#step());
  }

  /** Where the next bytes of the stream belong. Never empty, unless a PDU is {@link held}. */
  destination(): Uint8Array {
    if (this.#readsDirectly) return this.#data.subarray(this.#filled);
    if (this.#start > 0) this.#compact();
    // What is staged is part of a header or a trailer, and far shorter.
    if (this.#expectsLong) return this.#staging.subarray(this.#end, LONG_PDU_READ_BYTES);
    return this.#end === 0 ? this.#staging : this.#staging.subarray(this.#end);
  }

  /**
   * `count` bytes have been put at the beginning of {@link destination}.
   *
   * @throws {ProtocolError} when the header cannot be right; nothing after it can be understood.
   * @throws {DigestError} when a header digest is wrong.
   */
  advance(count: number): void {
    if (this.#readsDirectly) {
      this.#dataCrc?.update(this.#data.subarray(this.#filled, this.#filled + count));
      this.#filled += count;
      if (this.#filled < this.#data.length) return;
      this.#stage = "trailer";
    } else {
      this.#end += count;
    }
    while (this.#step());
  }

  /** In the middle of a long data segment nothing is staged: whatever was has become its beginning. */
  get #readsDirectly(): boolean {
    return this.#data.length - this.#filled >= DIRECT_READ_BYTES;
  }

  #compact(): void {
    if (this.#start < this.#end) this.#staging.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** Consumes what is staged as far as one stage goes; false when more bytes are needed. */
  #step(): boolean {
    if (this.#stage === "header") return this.#takeHeader();
    if (this.#stage === "data") return this.#takeData();
    if (this.#stage === "place") return this.#placeData(dataSegmentLength(this.#header));
    return this.#takeTrailer();
  }

  #takeHeader(): boolean {
    const staged = this.#end - this.#start;
    if (staged < BHS_LENGTH) return false;
    const length = BHS_LENGTH + ahsLength(this.#staging, this.#start);
    const onWire = length + (this.#headerDigest ? DIGEST_LENGTH : 0);
    if (staged < onWire) return false;
    for (let at = 0; at < length; at++) this.#header[at] = this.#staging[this.#start + at];
    this.#headerLength = length;
    if (this.#headerDigest) this.#verifyHeader(this.#currentHeader());
    this.#start += onWire;
    return this.#beginData(dataSegmentLength(this.#header));
  }

  #verifyHeader(header: Uint8Array): void {
    const expected = readDigest(this.#staging, this.#start + header.length);
    if (crc32c(header) === expected) return;
    throw new DigestError("Receive a PDU: the header digest does not match", {
      segment: "header",
      outcome: "unknown",
    });
  }

  #beginData(length: number): boolean {
    if (length > this.maxDataSegmentLength) {
      throw new ProtocolError(
        `Receive a PDU: its data segment of ${length} bytes is longer than the ` +
          `${this.maxDataSegmentLength} that were declared as MaxRecvDataSegmentLength`,
        { outcome: "unknown" },
      );
    }
    return this.#placeData(length);
  }

  /** False when there is no place for the data segment yet. */
  #placeData(length: number): boolean {
    const place = this.#sink.place(this.#currentHeader(), length);
    if (place === "later") {
      this.#stage = "place";
      return false;
    }
    this.#data = place ?? this.#ownBuffer(length);
    this.#filled = 0;
    this.#stage = "data";
    this.#dataCrc?.start();
    return true;
  }

  #currentHeader(): Uint8Array {
    return this.#headerLength === BHS_LENGTH
      ? this.#bhs
      : this.#header.subarray(0, this.#headerLength);
  }

  #ownBuffer(length: number): Uint8Array {
    if (length === 0) return NO_BYTES;
    if (this.#own.length < length) this.#own = new Uint8Array(length);
    return this.#own.subarray(0, length);
  }

  #takeData(): boolean {
    const missing = this.#data.length - this.#filled;
    const count = Math.min(missing, this.#end - this.#start);
    if (count > 0) {
      const piece = this.#staging.subarray(this.#start, this.#start + count);
      this.#data.set(piece, this.#filled);
      this.#dataCrc?.update(piece);
      this.#filled += count;
      this.#start += count;
    }
    if (count < missing) return false;
    this.#stage = "trailer";
    return true;
  }

  #takeTrailer(): boolean {
    const length = this.#data.length;
    const padding = padded(length) - length;
    const digest = this.#dataCrc && length > 0 ? DIGEST_LENGTH : 0;
    if (this.#end - this.#start < padding + digest) return false;
    const intact = digest === 0 || this.#verifyData(padding);
    this.#start += padding + digest;
    this.#stage = "header";
    // An answer without data says nothing about the next one that brings some.
    if (length > 0) this.#expectsLong = length > this.#staging.length;
    this.#sink.receive(this.#currentHeader(), this.#data, intact);
    this.#data = NO_BYTES;
    return true;
  }

  /** The digest covers the padding too (RFC 7143 §11.2.3). */
  #verifyData(padding: number): boolean {
    const pad = this.#staging.subarray(this.#start, this.#start + padding);
    const expected = readDigest(this.#staging, this.#start + padding);
    this.#dataCrc!.update(pad);
    return this.#dataCrc!.finish() === expected;
  }
}
