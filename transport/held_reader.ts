/** Where a {@link HeldReader} gets its bytes from. */
export interface PausableSource {
  pause(): unknown;
  resume(): unknown;
}

/** Copies a part of `from` to the beginning of `into`. */
export type CopyPart = (from: Uint8Array, start: number, end: number, into: Uint8Array) => void;

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Turns a source that pushes into reads: what arrives goes straight into the buffer of the pending read. What
 * arrives without a read, or does not fit, is held while the source is paused: so one chunk, or the few more that a
 * source hands over before it heeds the pause.
 */
export class HeldReader {
  readonly #copyPart: CopyPart;
  #source: PausableSource | undefined;
  /** What arrived and is not read yet, the first byte of it that is not, and what arrived behind it. */
  #held = NOTHING;
  #from = 0;
  readonly #behind: Uint8Array[] = [];
  #into: Uint8Array | undefined;
  #resolve!: (count: number | null) => void;
  #reject!: (reason: unknown) => void;
  #ended = false;
  #failure: unknown;

  /** `copyPart` is handed in where the source's arrays know a cheaper way than a view of them. */
  constructor(copyPart: CopyPart = copyView) {
    this.#copyPart = copyPart;
  }

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
   * Takes bytes that arrived; they must not change until they are read.
   *
   * @returns whether the source may push on; when not, it is resumed once the bytes are read
   */
  push(bytes: Uint8Array): boolean {
    const into = this.#into;
    if (this.#ended) return true;
    if (into === undefined) {
      if (this.#held.length === 0) this.#held = bytes;
      else this.#behind.push(bytes);
      return false;
    }
    this.#into = undefined;
    const count = Math.min(bytes.length, into.length);
    this.#copyPart(bytes, 0, count, into);
    const fits = count === bytes.length;
    if (!fits) {
      this.#held = bytes;
      this.#from = count;
    }
    this.#resolve(count);
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
    this.#from = 0;
    this.#behind.length = 0;
    this.#failure = undefined;
    this.end();
  }

  #takeHeld(into: Uint8Array): number {
    const held = this.#held;
    const start = this.#from;
    const end = Math.min(held.length, start + into.length);
    this.#copyPart(held, start, end, into);
    this.#from = end;
    if (end === held.length) this.#heldIsRead();
    return end - start;
  }

  #heldIsRead(): void {
    this.#held = this.#behind.shift() ?? NOTHING;
    this.#from = 0;
    if (this.#held.length === 0) this.#source?.resume();
  }

  readonly #park = (
    resolve: (count: number | null) => void,
    reject: (reason: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };
}

function copyView(from: Uint8Array, start: number, end: number, into: Uint8Array): void {
  into.set(end - start === from.length ? from : from.subarray(start, end));
}
