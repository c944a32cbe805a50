/**
 * Data-In of one command that is handed on as it arrives, instead of filling one buffer (RFC 7143 §11.7).
 *
 * @module
 */

/** What a {@link StreamedDataIn} tells. */
export interface StreamedDataInEvents {
  /** There is something to {@link StreamedDataIn.take}. */
  arrived(): void;
  /** What {@link StreamedDataIn.place} had put off may be placed now. */
  roomMade(): void;
}

/**
 * The Data-In of one command between the connection and a consumer: one array for each PDU, in the order of the data. At
 * most `maxBytes` of it are in memory, the PDU that is arriving included.
 */
export class StreamedDataIn {
  /** Expected data transfer length, in bytes. */
  readonly length: number;
  readonly #maxBytes: number;
  readonly #events: StreamedDataInEvents;
  /** Whole, and nothing is missing before it. */
  #ready: Uint8Array[] = [];
  /** Whole, by offset, but something is missing before it. */
  readonly #early: Map<number, Uint8Array> = new Map();
  #filling: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  /** One past the last byte that is or was ready. */
  #contiguous = 0;
  #buffered = 0;
  #isAwaited = false;
  #isRefused = false;
  #isDiscarded = false;

  /** `maxBytes` must hold a PDU, or the whole `length`. */
  constructor(length: number, maxBytes: number, events: StreamedDataInEvents) {
    this.length = length;
    this.#maxBytes = maxBytes;
    this.#events = events;
  }

  /** Bytes in memory. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** Whether nothing is ready. */
  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  /** Whether nobody wants the data any more. */
  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Whether the last {@link place} found no room for data that came early: it must come again. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /**
   * Where `length` bytes from `offset` belong. `undefined`: nowhere. `"later"`: there is no room until the consumer has
   * taken some; what it waits for has all arrived. `isNext` is false for data that came before earlier data, which must
   * leave room for a PDU of up to `segmentBytes`: else what is missing would find none, and nothing would move.
   */
  place(
    offset: number,
    length: number,
    isNext: boolean,
    segmentBytes: number,
  ): Uint8Array | "later" | undefined {
    this.#dropUnfinished();
    this.#isRefused = false;
    if (this.#isDiscarded) return undefined;
    const room = this.#maxBytes - this.#buffered;
    if (isNext && length > room && !this.isEmpty) {
      this.#isAwaited = true;
      return "later";
    }
    const reserved = this.#maxBytes < this.length ? segmentBytes : 0;
    if (!isNext && length + reserved > room) {
      this.#isRefused = true;
      return undefined;
    }
    const bytes = new Uint8Array(length);
    this.#filling = { offset, bytes };
    this.#buffered += length;
    return bytes;
  }

  /** What was placed last is whole. */
  arrived(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    if (this.#isDiscarded) return this.#forget(filling.bytes);
    // What is sent anew, cut in another way, brings along what has been handed on already.
    const known = Math.max(this.#contiguous - filling.offset, 0);
    const bytes = filling.bytes.subarray(Math.min(known, filling.bytes.length));
    this.#buffered -= filling.bytes.length - bytes.length;
    if (bytes.length === 0) return;
    this.#early.set(filling.offset + known, bytes);
    this.#release();
  }

  /** What came early is sent anew. */
  startOver(): void {
    for (const bytes of this.#early.values()) this.#forget(bytes);
    this.#early.clear();
  }

  /** The next of the data, which is the caller's; `undefined` when none is ready. */
  take(): Uint8Array | undefined {
    const bytes = this.#ready.shift();
    if (bytes === undefined) return undefined;
    this.#forget(bytes);
    this.#goOn();
    return bytes;
  }

  /** Nobody wants the data any more: what is here and what still comes is dropped. */
  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    this.#ready = [];
    this.#early.clear();
    this.#buffered = this.#filling?.bytes.length ?? 0;
    this.#goOn();
  }

  #release(): void {
    const wasEmpty = this.isEmpty;
    for (;;) {
      const bytes = this.#early.get(this.#contiguous);
      if (bytes === undefined) break;
      this.#early.delete(this.#contiguous);
      this.#contiguous += bytes.length;
      this.#ready.push(bytes);
    }
    if (wasEmpty && !this.isEmpty) this.#events.arrived();
  }

  /** What was placed last came damaged, or did not come whole. */
  #dropUnfinished(): void {
    if (this.#filling) this.#forget(this.#filling.bytes);
    this.#filling = undefined;
  }

  #forget(bytes: Uint8Array): void {
    this.#buffered -= bytes.length;
  }

  #goOn(): void {
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    this.#events.roomMade();
  }
}
