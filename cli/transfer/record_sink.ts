import type { ByteSink } from "../host/host.ts";

/** Options of a {@link RecordSink}. */
export interface RecordSinkOptions {
  /** Records shorter than a quarter of this are gathered until so many bytes are there. @default 1 MiB */
  readonly gatherBytes?: number;
}

/** Writes records to a byte sink in order; gathers short ones, so that a tape of tiny records costs few writes. */
export class RecordSink {
  readonly #sink: ByteSink;
  readonly #gatherBytes: number;
  #gathered: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;

  constructor(sink: ByteSink, options: RecordSinkOptions = {}) {
    const { gatherBytes = 2 ** 20 } = options;
    this.#sink = sink;
    this.#gatherBytes = gatherBytes;
  }

  /** Takes one record; it may be reused once the promise has settled. @throws what the sink throws. */
  async write(record: Uint8Array): Promise<void> {
    if (this.#length + record.length > this.#gatherBytes) await this.flush();
    if (record.length >= this.#gatherBytes / 4) {
      await this.flush();
      await this.#sink.write(record);
      return;
    }
    this.#gathered ??= new Uint8Array(this.#gatherBytes);
    this.#gathered.set(record, this.#length);
    this.#length += record.length;
  }

  /** Writes what is gathered. @throws what the sink throws. */
  async flush(): Promise<void> {
    if (this.#gathered === undefined || this.#length === 0) return;
    const bytes = this.#gathered.subarray(0, this.#length);
    this.#length = 0;
    await this.#sink.write(bytes);
  }
}
