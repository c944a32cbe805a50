/** Where a {@link HeldReader} gets its bytes from. */
export interface PausableSource {
  pause(): unknown;
  resume(): unknown;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Turns a source that pushes into reads: what arrives goes straight into the buffer of the pending read. What
 * arrives without a read, or does not fit, is held while the source is paused, so at most one chunk is ever held.
 */
export class HeldReader {
  #source: PausableSource | undefined;
  #held = NOTHING;
  #into: Uint8Array | undefined;
  #resolve!: (count: number | null) => void;
  #reject!: (reason: unknown) => void;
  #ended = false;
  #failure: unknown;

  /** Names the source; before the first byte arrives. */
  attach(source: PausableSource): void {
    this.#source = source;
  }

  /** As in {@link ByteStream}; rejects with what {@link fail} was given. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.#held.length > 0) return Promise.resolve(this.#takeHeld(into));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(null);
    this.#into = into;
    return new Promise(this.#park);
  }

  /**
   * Takes bytes that arrived; they must not change until the source pushes again.
   *
   * @returns whether the source may push on; when not, it is resumed once the bytes are read
   */
  push(bytes: Uint8Array): boolean {
    const into = this.#into;
    if (this.#ended) return true;
    if (into === undefined) {
      this.#held = bytes;
      return false;
    }
    this.#into = undefined;
    const fits = bytes.length <= into.length;
    into.set(fits ? bytes : bytes.subarray(0, into.length));
    if (!fits) this.#held = bytes.subarray(into.length);
    this.#resolve(fits ? bytes.length : into.length);
    return fits;
  }

  /** The source is at its end: reads give `null` once what is held is read. */
  end(): void {
    this.#ended = true;
    if (this.#into === undefined) return;
    this.#into = undefined;
    this.#resolve(null);
  }

  /** The source broke: reads reject once what is held is read. */
  fail(failure: unknown): void {
    if (this.#ended) return;
    this.#failure ??= failure;
    if (this.#into === undefined) return;
    this.#into = undefined;
    this.#reject(this.#failure);
  }

  /** Nobody reads any more: what is held is dropped, and reads give `null`. */
  discard(): void {
    this.#held = NOTHING;
    this.#failure = undefined;
    this.end();
  }

  #takeHeld(into: Uint8Array): number {
    const held = this.#held;
    const count = Math.min(held.length, into.length);
    into.set(count === held.length ? held : held.subarray(0, count));
    this.#held = count === held.length ? NOTHING : held.subarray(count);
    if (count === held.length) this.#source?.resume();
    return count;
  }

  readonly #park = (
    resolve: (count: number | null) => void,
    reject: (reason: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };
}
