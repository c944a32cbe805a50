import type { ByteSource } from "../host/host.ts";

/** Options of a {@link FillingSource}. */
export interface FillingSourceOptions {
  /** Bytes of memory. */
  readonly capacityBytes: number;
  /** How full it must be, 0 to 1, before anything is given out: at the beginning, and whenever it has run empty. */
  readonly startAt: number;
}

/** Bytes read from the source at a time. */
const READ_BYTES = 1024 * 1024;

/**
 * A source that is read ahead into memory. A tape drive that is fed too slowly stops and goes back over and over, which
 * wears tape and heads: it is better to feed it in long runs with long pauses between them.
 */
export class FillingSource implements ByteSource {
  readonly sizeBytes: number | undefined;
  readonly #source: ByteSource;
  readonly #ring: Uint8Array<ArrayBuffer>;
  readonly #startBytes: number;
  #head = 0;
  #filled = 0;
  #ended = false;
  #cancelled = false;
  #error: { readonly error: unknown } | undefined;
  #isFilling = true;
  #timesEmpty = 0;
  #filler: Promise<void> | undefined;
  #wake: () => void = () => {};

  constructor(source: ByteSource, options: FillingSourceOptions) {
    const { capacityBytes, startAt } = options;
    this.#source = source;
    this.sizeBytes = source.sizeBytes;
    this.#ring = new Uint8Array(capacityBytes);
    this.#startBytes = Math.min(capacityBytes, Math.max(1, Math.round(capacityBytes * startAt)));
  }

  /** How often the drive had to wait for the source, after the beginning. */
  get timesEmpty(): number {
    return this.#timesEmpty;
  }

  /** @throws what the source throws, once what came before is given out. */
  async read(into: Uint8Array): Promise<number> {
    this.#filler ??= this.#fill();
    if (this.#filled === 0 && !this.#isFilling && !this.#isOver) {
      this.#timesEmpty++;
      this.#isFilling = true;
    }
    while (!this.#mayGive()) await this.#changed();
    this.#isFilling = false;
    if (this.#cancelled) return 0;
    if (this.#filled === 0 && this.#error !== undefined) throw this.#error.error;
    const count = Math.min(into.length, this.#filled, this.#ring.length - this.#head);
    into.set(this.#ring.subarray(this.#head, this.#head + count));
    this.#head = (this.#head + count) % this.#ring.length;
    this.#filled -= count;
    this.#wake();
    return count;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#source.cancel();
    this.#wake();
  }

  async close(): Promise<void> {
    this.cancel();
    await this.#filler;
    await this.#source.close();
  }

  get #isOver(): boolean {
    return this.#ended || this.#cancelled || this.#error !== undefined;
  }

  #mayGive(): boolean {
    if (this.#isOver) return true;
    return this.#filled >= (this.#isFilling ? this.#startBytes : 1);
  }

  async #fill(): Promise<void> {
    try {
      while (!this.#ended && !this.#cancelled) await this.#fillSome();
    } catch (error) {
      this.#error = { error };
    }
    this.#wake();
  }

  async #fillSome(): Promise<void> {
    const room = this.#ring.length - this.#filled;
    if (room === 0) return await this.#changed();
    const tail = (this.#head + this.#filled) % this.#ring.length;
    const length = Math.min(room, this.#ring.length - tail, READ_BYTES);
    const count = await this.#source.read(this.#ring.subarray(tail, tail + length));
    if (count === 0) this.#ended = true;
    this.#filled += count;
    this.#wake();
  }

  /** Resolves at the next change. At most one side waits at a time: for bytes, or for room. */
  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}
