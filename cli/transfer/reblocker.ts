import type { ByteSource } from "../host/host.ts";

/** Options of a {@link Reblocker}. */
export interface ReblockerOptions {
  /** Bytes read at a time; rounded down to whole records, but at least one record. @default 1 MiB */
  readonly chunkBytes?: number;
}

interface Chunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  length: number;
  ended: boolean;
}

/**
 * Cuts a stream of bytes into records of one size; only the last may be shorter. Reads the next chunk while the
 * records of this one are being used: two buffers in all, and no copy but that of a record that two reads share.
 */
export class Reblocker {
  readonly #source: ByteSource;
  readonly #recordBytes: number;
  #current: Chunk;
  #spare: Chunk;
  #cursor = 0;
  #filling: Promise<Chunk> | undefined;

  constructor(source: ByteSource, recordBytes: number, options: ReblockerOptions = {}) {
    const { chunkBytes = 2 ** 20 } = options;
    const capacity = Math.max(1, Math.floor(chunkBytes / recordBytes)) * recordBytes;
    this.#source = source;
    this.#recordBytes = recordBytes;
    this.#current = { bytes: new Uint8Array(capacity), length: 0, ended: false };
    this.#spare = { bytes: new Uint8Array(capacity), length: 0, ended: false };
  }

  /**
   * The next record, or `null` at the end. It is a view that is valid until the next call.
   *
   * @throws what the source throws.
   */
  async next(): Promise<Uint8Array | null> {
    if (this.#available() < this.#recordBytes && !this.#current.ended) await this.#advance();
    const length = Math.min(this.#available(), this.#recordBytes);
    if (length === 0) return null;
    const record = this.#current.bytes.subarray(this.#cursor, this.#cursor + length);
    this.#cursor += length;
    return record;
  }

  /** Waits for a read under way, so that the source may be closed. Never throws. */
  async settle(): Promise<void> {
    try {
      await this.#filling;
    } catch {
      // Whoever wanted the bytes has been told, or wants no more of them.
    }
  }

  #available(): number {
    return this.#current.length - this.#cursor;
  }

  async #advance(): Promise<void> {
    this.#filling ??= this.#fill(this.#spare, this.#current);
    const filled = await this.#filling;
    this.#spare = this.#current;
    this.#current = filled;
    this.#cursor = 0;
    this.#filling = filled.ended ? undefined : this.#fill(this.#spare, filled);
    // A failure is for the call of next() that needs the bytes.
    this.#filling?.catch(() => {});
  }

  /** Reads at least one record into `into`, after the incomplete record that `previous` ended with. */
  async #fill(into: Chunk, previous: Chunk): Promise<Chunk> {
    const rest = previous.length % this.#recordBytes;
    into.bytes.set(previous.bytes.subarray(previous.length - rest, previous.length));
    into.length = rest;
    into.ended = false;
    while (into.length < into.bytes.length) {
      const wanted = into.bytes.length - into.length;
      const read = await this.#source.read(into.bytes.subarray(into.length));
      into.length += read;
      into.ended = read === 0;
      if (into.ended || (read < wanted && into.length >= this.#recordBytes)) break;
    }
    return into;
  }
}
