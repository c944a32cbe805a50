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

/**
 * Writes lists of chunks in few writes: small chunks are copied together, the bulk of large ones is written from where
 * it lies, as much of it at a time as the writer takes.
 */
export class GatheringWriter {
  readonly #writer: PartialWriter;
  #staging: Uint8Array | undefined;

  constructor(writer: PartialWriter) {
    this.#writer = writer;
  }

  /** Resolves once all bytes are taken; rejects with the writer's error. */
  write(chunks: readonly Uint8Array[]): Promise<void> {
    return chunks.length === 1 ? this.#writeAll(chunks[0]) : this.#gather(chunks);
  }

  async #gather(chunks: readonly Uint8Array[]): Promise<void> {
    const staging = this.#staging ??= new Uint8Array(STAGING_BYTES);
    const last = chunks.length - 1;
    let staged = 0;
    for (let i = 0; i <= last; i++) {
      const chunk = chunks[i];
      let from = 0;
      if (staged + chunk.length > STAGING_BYTES) {
        from = staged === 0 ? 0 : Math.max(0, Math.min(HEAD_BYTES - staged, chunk.length));
        staging.set(chunk.subarray(0, from), staged);
        await this.#writeAll(staging.subarray(0, staged + from));
        staged = 0;
        const to = i === last ? chunk.length : Math.max(from, chunk.length - TAIL_BYTES);
        await this.#writeAll(chunk.subarray(from, to));
        from = to;
      }
      if (from === chunk.length) continue;
      staging.set(chunk.subarray(from), staged);
      staged += chunk.length - from;
    }
    if (staged > 0) await this.#writeAll(staging.subarray(0, staged));
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#writer.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }
}
