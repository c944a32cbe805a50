/**
 * What the drive has called written and may still have in its buffer alone (SSC-4, buffered mode). It tells of its loss once, and then perhaps nobody hears:
 * so what it has, and whether that is in doubt, is kept here.
 *
 * @module
 */

/** What of the writes to one drive may be in its buffer. */
export class BufferedWrites {
  #isDirty = false;
  #isUnmoved = false;
  /** Where the drive has to stand, as far as its numbers were proven, for nothing to have been lost unheard. */
  #doubted: { readonly number: number | undefined } | undefined;

  /** Whether something was written since the drive has last said that all is on tape. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /** Whether some of it may still be in the buffer, because no motion has made the drive write that out. */
  get isBuffered(): boolean {
    return this.#isUnmoved;
  }

  /** Whether an answer that nobody heard may have told of its loss. */
  get isDoubted(): boolean {
    return this.#doubted !== undefined;
  }

  /** Something is written. */
  fill(): void {
    this.#isDirty = this.#isUnmoved = true;
  }

  /** All that was written is on tape, or its loss has been told. */
  empty(): void {
    this.#isDirty = this.#isUnmoved = false;
    this.#doubted = undefined;
  }

  /** A motion, which begins with writing out what is buffered, was good. */
  moved(): void {
    this.#isUnmoved = false;
  }

  /** What the drive has answered nobody heard, or nobody could look into it. `number`: what it calls the place behind everything written. */
  doubt(number: number | undefined): void {
    if (this.#isUnmoved) this.#doubted ??= { number };
  }

  /** Ends the doubt: whether a drive that says it stands `here` has lost nothing. */
  settle(here: number | undefined): boolean {
    const expected = this.#doubted?.number;
    this.#doubted = undefined;
    return standsBehind(expected, here);
  }
}

/** Whether a drive that says it stands `here` stands behind everything that is `written` by its proven numbers, as far as both are known. */
export function standsBehind(written: number | undefined, here: number | undefined): boolean {
  return written !== undefined && here !== undefined && here >= written;
}
