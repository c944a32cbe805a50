/** Decisions that the bytes of an input make, so that a mutated input is another course of events. */
export class Choices {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all bytes have been used; from then on every choice is 0. */
  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** 0 to 255. */
  byte(): number {
    return this.isOver ? 0 : this.#bytes[this.#at++];
  }

  /** 0 to `end` - 1, for an `end` of at most 256. */
  below(end: number): number {
    return this.byte() % end;
  }

  /** 0 to 65535. */
  word(): number {
    return this.byte() << 8 | this.byte();
  }

  /** The next bytes, fewer at the end. */
  take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += taken.length;
    return taken;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.#bytes.length);
  }
}
