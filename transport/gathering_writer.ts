/** What takes bytes and says how many it took; the caller offers the rest again. */
export interface PartialWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** Small chunks are copied together up to this length. */
const STAGING_BYTES = 60 * 1024;

/** How far a large chunk fills up small ones staged before it, so that no header travels alone. */
const HEAD_BYTES = 16 * 1024;

/** How much of a large chunk is kept back for the chunks behind it, so that no padding or digest travels alone. */
const TAIL_BYTES = 4 * 1024;

const NO_CHUNKS: readonly Uint8Array[] = [];
const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Writes lists of chunks in few writes: small chunks are copied together, the bulk of large ones is written from where
 * it lies, as much of it at a time as the writer takes.
 */
export class GatheringWriter {
  readonly #writer: PartialWriter;
  #staging: Uint8Array | undefined;
  /** What is being written, and the first byte of it that has not been given out: which chunk, and where in it. */
  #chunks: readonly Uint8Array[] = NO_CHUNKS;
  #index = 0;
  #from = 0;
  /** Where the part of that chunk ends that goes out without a copy; 0 when there is none. */
  #bulkEnd = 0;

  constructor(writer: PartialWriter) {
    this.#writer = writer;
  }

  /** Resolves once all bytes are taken; rejects with the writer's error. One write at a time. */
  async write(chunks: readonly Uint8Array[]): Promise<void> {
    this.#chunks = chunks;
    this.#index = this.#from = 0;
    this.#bulkEnd = chunks.length === 1 ? chunks[0].length : 0;
    for (let piece = this.#nextPiece(); piece.length > 0; piece = this.#nextPiece()) {
      for (let at = 0; at < piece.length;) {
        at += await this.#writer.write(at === 0 ? piece : piece.subarray(at));
      }
    }
    this.#chunks = NO_CHUNKS;
  }

  /** What goes out next in one piece; empty at the end. */
  #nextPiece(): Uint8Array {
    if (this.#bulkEnd > 0) return this.#bulk();
    if (this.#index === this.#chunks.length) return NO_BYTES;
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
