/**
 * Data-Out buffers that are used again: making and clearing one for each record costs more than all the rest of a write.
 *
 * @module
 */

/** Buffers that are kept: one for each write in flight from a busy initiator. */
const MAX_KEPT = 8;
/** Longer buffers are not kept; making them is rare enough. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** The spare buffers of one session. What was in a buffer before is still there. */
export class BufferPool {
  readonly #spare: Uint8Array[] = [];

  /** A buffer of this length, for the caller until it is given back or forgotten. */
  take(length: number): Uint8Array {
    const index = this.#spare.findIndex((spare) => spare.length === length);
    return index < 0 ? new Uint8Array(length) : this.#spare.splice(index, 1)[0];
  }

  /** Takes back a buffer that nobody uses any more. The oldest spare one makes room for it. */
  give(buffer: Uint8Array): void {
    if (buffer.length > MAX_KEPT_BYTES) return;
    if (this.#spare.length === MAX_KEPT) this.#spare.shift();
    this.#spare.push(buffer);
  }
}
