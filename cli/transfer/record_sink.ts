import type { ByteSink } from "../host/host.ts";

/** Options of a {@link RecordSink}. */
export interface RecordSinkOptions {
  /** Records shorter than a quarter of this are gathered until so many bytes are there. @default 1 MiB */
  readonly gatherBytes?: number;
}

/** Records, and the bytes in them. */
export interface RecordCount {
  readonly records: number;
  readonly bytes: number;
}

/** Writes records to a byte sink in order; gathers short ones, so that a tape of tiny records costs few writes. */
export class RecordSink {
  readonly #sink: ByteSink;
  readonly #gatherBytes: number;
  #gathered: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  /** Bytes given to this sink. */
  #givenBytes = 0;
  #kept: RecordCount = { records: 0, bytes: 0 };
  /** Records that have ended since bytes were last handed on. */
  #pending: { readonly end: number; readonly bytes: number }[] = [];

  constructor(sink: ByteSink, options: RecordSinkOptions = {}) {
    const { gatherBytes = 2 ** 20 } = options;
    this.#sink = sink;
    this.#gatherBytes = gatherBytes;
  }

  /** The records that the sink below has taken whole: after a failure, what there is of them in the file. */
  get kept(): RecordCount {
    this.#settle();
    return this.#kept;
  }

  /** Counts a record of so many bytes, whose last byte was the last one written. */
  endRecord(bytes: number): void {
    this.#pending.push({ end: this.#givenBytes, bytes });
    if (this.#length === 0) this.#settle();
  }

  /** Takes bytes of a record; they may be reused once the promise has settled. @throws what the sink throws. */
  async write(record: Uint8Array): Promise<void> {
    this.#givenBytes += record.length;
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
    this.#settle();
  }

  #settle(): void {
    let { records, bytes } = this.#kept;
    const whole = this.#pending.filter(({ end }) => end <= this.#sink.takenBytes);
    for (const record of whole) {
      records++;
      bytes += record.bytes;
    }
    this.#pending.splice(0, whole.length);
    this.#kept = { records, bytes };
  }
}
