/**
 * The drive's buffer: objects that were written, and answered GOOD, before they are on the tape (SSC-4 §4.2.10).
 *
 * @module
 */

import type { Partition } from "./medium.ts";

/** What lies in the buffer: the objects from some number on, up to where the tape stands. */
export class WriteBuffer {
  readonly #limit: number;
  #first: number | undefined;

  /** @param limit bytes that it holds; 0 for none: everything is on the tape at once */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether it holds anything at all. */
  get isThere(): boolean {
    return this.#limit > 0;
  }

  /** Number of the first object that is not on the tape yet; `undefined` when all are. */
  get first(): number | undefined {
    return this.#first;
  }

  /** Number of objects in it, with the tape before `object`. */
  objectCount(object: number): number {
    return this.#first === undefined ? 0 : object - this.#first;
  }

  /** Bytes in it, with the tape before `object`. */
  byteCount(partition: Partition, object: number): number {
    if (this.#first === undefined) return 0;
    return partition.bytesBefore(object) - partition.bytesBefore(this.#first);
  }

  /** An object was written. */
  add(object: number): void {
    this.#first ??= object;
  }

  /** Whether the oldest object has to go to the tape, with the tape before `object`. */
  isOverfull(partition: Partition, object: number): boolean {
    return this.byteCount(partition, object) > this.#limit;
  }

  /** The oldest object is on the tape now; `object` is where the tape stands. */
  drainOne(object: number): void {
    if (this.#first !== undefined) {
      this.#first = this.#first + 1 < object ? this.#first + 1 : undefined;
    }
  }

  /** Nothing is in it any more. */
  clear(): void {
    this.#first = undefined;
  }
}
