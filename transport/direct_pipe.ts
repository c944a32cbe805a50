import { transportFailure } from "./errors.ts";
import type { Pipe } from "./pipe.ts";

/** Options of {@link DirectPipe}. */
export interface DirectPipeOptions {
  /** Most bytes that one read returns. */
  readonly chunkBytes: number;
  /** Bytes that are buffered when nobody reads. */
  readonly bufferBytes: number;
}

const NO_CHUNKS: readonly Uint8Array[] = [];

/**
 * Hands bytes from a writer to a reader without delay. What a pending read can take is copied straight into its
 * buffer. A rest that fits the buffer is copied there; a larger one stays in the writer's chunks, and the write is
 * pending until it is read from there, so that large writes are copied once.
 */
export class DirectPipe implements Pipe {
  readonly #chunkBytes: number;
  readonly #buffer: Uint8Array;
  #bufferFrom = 0;
  #bufferTo = 0;
  #chunks = NO_CHUNKS;
  #chunk = 0;
  #chunkFrom = 0;
  #into: Uint8Array | undefined;
  #resolveRead!: (count: number | null) => void;
  #resolveWrite: (() => void) | undefined;
  #rejectWrite!: (reason: unknown) => void;
  #ended = false;
  #abandoned = false;

  constructor(options: DirectPipeOptions) {
    this.#chunkBytes = options.chunkBytes;
    this.#buffer = new Uint8Array(options.bufferBytes);
  }

  read(into: Uint8Array): Promise<number | null> {
    const count = this.#take(into);
    if (count > 0) return Promise.resolve(count);
    if (this.#ended || this.#abandoned) return Promise.resolve(null);
    this.#into = into;
    return new Promise(this.#parkRead);
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#ended || this.#abandoned) return Promise.reject(this.#writeFailure());
    this.#chunks = chunks;
    this.#chunk = this.#chunkFrom = 0;
    this.#feedPendingRead();
    if (this.#bufferRest()) return Promise.resolve();
    return new Promise(this.#parkWrite);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rejectPendingWrite();
    this.#resolvePendingRead(null);
  }

  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#bufferFrom = this.#bufferTo = 0;
    this.#rejectPendingWrite();
    this.#resolvePendingRead(null);
  }

  /** Moves what there is into `into` and resolves a write whose last byte that was. */
  #take(into: Uint8Array): number {
    const room = Math.min(into.length, this.#chunkBytes);
    const count = this.#takeBuffered(into, room);
    return count + this.#takeChunks(into, count, room);
  }

  #takeBuffered(into: Uint8Array, room: number): number {
    const count = Math.min(this.#bufferTo - this.#bufferFrom, room);
    if (count === 0) return 0;
    into.set(this.#buffer.subarray(this.#bufferFrom, this.#bufferFrom + count));
    this.#bufferFrom += count;
    if (this.#bufferFrom === this.#bufferTo) this.#bufferFrom = this.#bufferTo = 0;
    return count;
  }

  #takeChunks(into: Uint8Array, at: number, room: number): number {
    const start = at;
    while (this.#chunk < this.#chunks.length) {
      const chunk = this.#chunks[this.#chunk];
      const count = Math.min(chunk.length - this.#chunkFrom, room - at);
      const whole = count === chunk.length;
      into.set(whole ? chunk : chunk.subarray(this.#chunkFrom, this.#chunkFrom + count), at);
      at += count;
      this.#chunkFrom += count;
      if (this.#chunkFrom < chunk.length) return at - start;
      this.#chunk++;
      this.#chunkFrom = 0;
    }
    this.#resolvePendingWrite();
    return at - start;
  }

  #feedPendingRead(): void {
    if (this.#into === undefined) return;
    const count = this.#take(this.#into);
    if (count > 0) this.#resolvePendingRead(count);
  }

  /** Copies what is left of the chunks into the buffer if all of it fits. */
  #bufferRest(): boolean {
    let rest = -this.#chunkFrom;
    for (let i = this.#chunk; i < this.#chunks.length; i++) rest += this.#chunks[i].length;
    if (rest > this.#buffer.length - (this.#bufferTo - this.#bufferFrom)) return false;
    if (rest > this.#buffer.length - this.#bufferTo) this.#compact();
    const into = this.#buffer.subarray(this.#bufferTo);
    this.#bufferTo += this.#takeChunks(into, 0, into.length);
    return true;
  }

  #compact(): void {
    this.#buffer.copyWithin(0, this.#bufferFrom, this.#bufferTo);
    this.#bufferTo -= this.#bufferFrom;
    this.#bufferFrom = 0;
  }

  #resolvePendingRead(count: number | null): void {
    if (this.#into === undefined) return;
    this.#into = undefined;
    this.#resolveRead(count);
  }

  #resolvePendingWrite(): void {
    this.#chunks = NO_CHUNKS;
    this.#resolveWrite?.();
    this.#resolveWrite = undefined;
  }

  #rejectPendingWrite(): void {
    this.#chunks = NO_CHUNKS;
    if (this.#resolveWrite === undefined) return;
    this.#resolveWrite = undefined;
    this.#rejectWrite(this.#writeFailure());
  }

  #writeFailure(): Error {
    return transportFailure({ op: "write", reason: this.#ended ? "closed" : "reset" });
  }

  readonly #parkRead = (resolve: (count: number | null) => void): void => {
    this.#resolveRead = resolve;
  };

  readonly #parkWrite = (resolve: () => void, reject: (reason: unknown) => void): void => {
    this.#resolveWrite = resolve;
    this.#rejectWrite = reject;
  };
}
