/**
 * A small window on a file, for those who go through it header by header.
 *
 * @module
 */

import type { ImageFile } from "./image_file.ts";

/** Bytes read at once: a trailer and the next header lie side by side, and short records many to a window. */
const WINDOW_BYTES = 4096;

/** Bytes of a file, read some more at a time than are asked for. */
export class FileWindow {
  /** What is in the window; it changes with the next {@linkcode seek}. */
  readonly bytes: Uint8Array = new Uint8Array(WINDOW_BYTES);
  readonly #file: ImageFile;
  #start = 0;
  #length = 0;

  constructor(file: ImageFile) {
    this.#file = file;
  }

  /** How many of `bytes` are of the file: fewer than all at its end. */
  get length(): number {
    return this.#length;
  }

  /**
   * Has the `count` bytes of the file from `at` on in the window, as far as the file goes.
   *
   * @param count at most 4096
   * @returns where in `bytes` they begin
   * @throws {MediumStoreError} when the file cannot be read.
   */
  seek(at: number, count: number): number {
    if (at < this.#start || at + count > this.#start + this.#length) {
      this.#start = at;
      this.#length = this.#file.read(this.bytes, at);
    }
    return at - this.#start;
  }
}
