/**
 * Data-Out of one command that comes from a source piece by piece, as the target asks for it (RFC 7143 §4.2.5.2, §11.8).
 *
 * @module
 */

import type { NegotiatedParameters } from "../../negotiation/negotiated_parameters.ts";
import { type UnsolicitedData, unsolicitedData } from "../requests/unsolicited_data.ts";

/** A part of the data that the target is to get, and how far that has come. */
export interface RequestedData {
  readonly offset: number;
  readonly end: number;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * A window on the Data-Out of one command. Data that was sent stays in it until its room is needed, so that a target that
 * lost some can be given it again.
 */
export class StreamedDataOut {
  /** Expected data transfer length, in bytes. */
  readonly length: number;
  readonly #ring: Uint8Array;
  readonly #roomMade: () => void;
  /** The data from `#base` to `#filled` is in the ring. */
  #base = 0;
  #filled = 0;
  /** The source has ended, where it should. */
  #isWhole = false;
  /** One past the last byte that the target has asked for, or gets without asking. */
  #wanted: number;
  /** What must be there before the command goes out. */
  readonly #firstBytes: number;
  #sent = 0;
  /** Where that part begins which the socket has not taken yet. */
  #unwritten = Infinity;
  #requested: RequestedData[] = [];
  #isOver = false;

  /**
   * At most `maxBytes` are in memory. `roomMade` is told when there may be {@link space} again. What goes along with the
   * command, by `parameters`, is wanted from the start, as far as it fits.
   */
  constructor(
    length: number,
    maxBytes: number,
    parameters: NegotiatedParameters,
    roomMade: () => void,
  ) {
    this.length = length;
    this.#ring = new Uint8Array(Math.min(length, maxBytes));
    this.#roomMade = roomMade;
    const { immediate, end } = unsolicitedData(length, parameters);
    this.#firstBytes = [end, immediate].find((bytes) => bytes <= this.#ring.length) ?? 0;
    this.#wanted = this.#firstBytes;
  }

  /** Whether the command can go out. */
  get isPrimed(): boolean {
    return this.isReady(this.#firstBytes);
  }

  /** Whether all data has come, but the source has not said that it was all. */
  get awaitsEnd(): boolean {
    return !this.#isOver && !this.#isWhole && this.#filled === this.length;
  }

  /** Bytes that the source has given. */
  get filled(): number {
    return this.#filled;
  }

  /** What of the data goes out before any R2T: as much as is there, and the rule allows. */
  unsolicited(parameters: NegotiatedParameters): UnsolicitedData {
    const { immediate, end } = unsolicitedData(this.length, parameters);
    if (this.#base === 0 && this.isReady(end)) return { immediate, end };
    const some = this.#base === 0 && this.isReady(immediate) ? immediate : 0;
    return { immediate: some, end: some };
  }

  /** Whether an R2T for data from `offset` on comes in its turn: what is before it was asked for. */
  isInTurn(offset: number): boolean {
    return offset <= this.#wanted || this.#ring.length === this.length;
  }

  /** Whether data from `offset` on is no longer kept. */
  isGone(offset: number): boolean {
    return offset < this.#base;
  }

  /** The target gets this part. */
  request(part: RequestedData): void {
    this.#requested.push(part);
    this.#wanted = Math.max(this.#wanted, part.end);
    this.#roomMade();
  }

  /** What was requested is not owed any more; the target may ask again. */
  forget(): void {
    this.#requested = [];
  }

  /** A part that was requested has gone out. */
  finished(part: RequestedData): void {
    this.#requested = this.#requested.filter((other) => other !== part);
  }

  /** Where a PDU ends that begins at `offset` and could reach `end`: it has to be in one piece in memory. */
  segmentEnd(offset: number, end: number): number {
    const capacity = this.#ring.length;
    return Math.min(end, offset + capacity - offset % capacity);
  }

  /** Whether all data before `end` is there. The last byte counts once the source has ended. */
  isReady(end: number): boolean {
    return end < this.length ? end <= this.#filled : this.#isWhole;
  }

  /** The data from `offset` to `end`, in place: it does not change until {@link written}. */
  send(offset: number, end: number): Uint8Array {
    if (end === offset) return NO_BYTES;
    this.#sent = Math.max(this.#sent, end);
    this.#unwritten = Math.min(this.#unwritten, offset);
    const at = offset % this.#ring.length;
    return this.#ring.subarray(at, at + end - offset);
  }

  /** The socket has let go of all that was sent. */
  written(): void {
    this.#unwritten = Infinity;
    this.#roomMade();
  }

  /** Where the next data from the source belongs; empty when none is wanted, or has room. */
  space(): Uint8Array {
    if (this.#isOver) return NO_BYTES;
    const capacity = this.#ring.length;
    const end = Math.min(this.#wanted, this.#disposable() + capacity);
    const at = this.#filled % capacity;
    return this.#ring.subarray(at, Math.min(at + Math.max(end - this.#filled, 0), capacity));
  }

  /** The source has put `count` bytes at the beginning of {@link space}. */
  fill(count: number): void {
    this.#filled += count;
    this.#base = Math.max(this.#base, this.#filled - this.#ring.length);
  }

  /** The source has ended where it should. */
  ended(): void {
    this.#isWhole = true;
  }

  /** Nothing more goes out: the command is over, or is being aborted. */
  abandon(): void {
    this.#isOver = true;
    this.#requested = [];
    this.#roomMade();
  }

  /** Whether the source is not asked for anything any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Data before this place was sent, and nobody reads or wants it at present. */
  #disposable(): number {
    let place = Math.min(this.#sent, this.#unwritten);
    for (const { offset } of this.#requested) place = Math.min(place, offset);
    return place;
  }
}
