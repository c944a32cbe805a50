/**
 * How much room to give the next record of a tape in variable mode.
 *
 * A drive that reports incorrect lengths may be asked for just what records here have been long so far: it says when one is longer. A drive that does not
 * report them cuts a longer record without a word, so it gets more room than any record has needed, and a record that fills its room is suspect.
 *
 * @module
 */

import type { BlockLimits } from "./block_limits.ts";

/** Room beyond the longest record, for drives that may cut silently. */
const MARGIN_BYTES = 4;

/** Learns the lengths of the records of a tape, and whether the drive reports those that differ from what it was asked for. */
export class RecordRoom {
  readonly #limits: BlockLimits;
  readonly #hint: number;
  #longest = 0;
  #cap = Infinity;
  #hasReported = false;
  #wasSilent = false;

  constructor(limits: BlockLimits, hintBytes: number) {
    this.#limits = limits;
    this.#hint = hintBytes;
  }

  /** Whether a record has been seen, so that `next` is more than a guess. */
  get isSettled(): boolean {
    return this.#longest > 0;
  }

  /** Whether the drive has proven that it reports incorrect lengths. */
  get isReported(): boolean {
    return this.#hasReported && !this.#wasSilent;
  }

  /** Room for the next READ, in bytes. */
  get next(): number {
    return Math.min(this.#wanted, this.#cap);
  }

  get #wanted(): number {
    // A length that is on the tape is one that the drive takes, whatever its granularity.
    if (this.isSettled && this.isReported) return this.#longest;
    // Each step up costs a second read of that record, so there is no step down from the first guess; and a record that is just as long as was guessed is none.
    return this.#fit(Math.max(this.#longest, this.#hint) + MARGIN_BYTES);
  }

  /** A record of this length went by. */
  saw(bytes: number): void {
    this.#longest = Math.max(this.#longest, bytes);
    if (bytes >= this.#cap) this.#cap = Infinity;
  }

  /** So much room reaches beyond the end of the medium; for the records that are left, less may do. */
  reachesBeyondEnd(roomBytes: number): void {
    this.#cap = Math.max(Math.floor(roomBytes / 2), this.#limits.minBytes);
  }

  /** The drive said that a record was of another length than asked for. */
  sawReport(): void {
    this.#hasReported = true;
  }

  /** The drive called a record good that was shorter than asked for. */
  sawSilence(): void {
    this.#wasSilent = true;
  }

  /** Whether a record that just fills this room may have been cut. */
  isSuspect(roomBytes: number): boolean {
    return !this.isReported && roomBytes < this.#limits.maxBytes;
  }

  /** Room to read a record again with that did not come whole into `roomBytes`; `undefined` when the drive has no more. */
  beyond(roomBytes: number, recordBytes?: number): number | undefined {
    if (recordBytes === undefined) {
      return roomBytes < this.#limits.maxBytes ? this.#fit(roomBytes * 2) : undefined;
    }
    return recordBytes <= this.#limits.maxBytes ? recordBytes : undefined;
  }

  #fit(bytes: number): number {
    const { minBytes, maxBytes, granularityBytes } = this.#limits;
    const steps = Math.max(Math.ceil((bytes - minBytes) / granularityBytes), 0);
    return Math.min(minBytes + steps * granularityBytes, maxBytes);
  }
}
