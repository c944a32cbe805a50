/** Small chunks are copied together up to this length. */
const STAGING_BYTES = 60 * 1024;

/** How far a large chunk fills up small ones staged before it, so that no header travels alone. */
const HEAD_BYTES = 16 * 1024;

/** How much of a large chunk is kept back for the chunks behind it, so that no padding or digest travels alone. */
const TAIL_BYTES = 4 * 1024;

const NO_CHUNKS: readonly Uint8Array[] = [];
const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Makes few pieces of a list of chunks: small chunks are copied together, the bulk of large ones is given out from where
 * it lies.
 */
export class ChunkGatherer {
  #staging: Uint8Array | undefined;
  /** What is given out, and the first byte of it that has not been: which chunk, and where in it. */
  #chunks: readonly Uint8Array[] = NO_CHUNKS;
  #index = 0;
  #from = 0;
  /** Where the part of that chunk ends that goes out without a copy; 0 when there is none. */
  #bulkEnd = 0;

  /** Starts on a list; what is left of the one before is forgotten. */
  begin(chunks: readonly Uint8Array[]): void {
    this.#chunks = chunks;
    this.#index = this.#from = 0;
    this.#bulkEnd = chunks.length === 1 ? chunks[0].length : 0;
  }

  /** What goes out next in one piece; empty at the end. It is valid until the next call. */
  next(): Uint8Array {
    if (this.#bulkEnd > 0) return this.#bulk();
    if (this.#index === this.#chunks.length) {
      this.#chunks = NO_CHUNKS;
      this.#index = 0;
      return NO_BYTES;
    }
    const staging = this.#staging ??= new Uint8Array(STAGING_BYTES);
    let staged = 0;
    for (; this.#index < this.#chunks.length; this.#index++, this.#from = 0) {
      const chunk = this.#chunks[this.#index];
      const left = chunk.length - this.#from;
      if (staged + left > STAGING_BYTES) {
        const head = staged === 0 ? 0 : Math.min(Math.max(HEAD_BYTES - staged, 0), left);
        staging.set(chunk.subarray(this.#from, this.#from + head), staged);
        this.#beginBulk(chunk, head);
        return staged === 0 ? this.#bulk() : staging.subarray(0, staged + head);
      }
      if (left > 0) staging.set(this.#from === 0 ? chunk : chunk.subarray(this.#from), staged);
      staged += left;
    }
    return staging.subarray(0, staged);
  }

  /** All of a large chunk but its head, and, where others follow, its tail. */
  #beginBulk(chunk: Uint8Array, head: number): void {
    const isLast = this.#index === this.#chunks.length - 1;
    this.#from += head;
    const end = isLast ? chunk.length : chunk.length - TAIL_BYTES;
    this.#bulkEnd = end > this.#from ? end : 0;
  }

  #bulk(): Uint8Array {
    const chunk = this.#chunks[this.#index];
    const bulk = chunk.subarray(this.#from, this.#bulkEnd);
    this.#from = this.#bulkEnd;
    this.#bulkEnd = 0;
    if (this.#from === chunk.length) {
      this.#index++;
      this.#from = 0;
    }
    return bulk;
  }
}
