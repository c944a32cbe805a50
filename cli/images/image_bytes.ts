import type { ByteSource } from "../host/host.ts";

/** The buffer grows with what really comes, so that a length that lies costs no memory. */
const FIRST_BUFFER_BYTES = 128 * 1024;

/** The bytes of an image in their order, in pieces of any size, with a look ahead. */
export class ImageBytes {
  /** Path of the image, for messages. */
  readonly path: string;
  readonly #source: ByteSource;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #offset = 0;

  constructor(source: ByteSource, path: string) {
    this.#source = source;
    this.path = path;
  }

  /** Where the next byte is in the file. */
  get offset(): number {
    return this.#offset;
  }

  /** The next bytes, fewer at the end of the file; they stay the next ones. Valid until the next call. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#end - this.#start < length && await this.#fill());
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + length));
  }

  /** The same, and goes behind them. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = await this.peek(length);
    this.#start += bytes.length;
    this.#offset += bytes.length;
    return bytes;
  }

  /** Reads more behind what is there; `false` at the end of the file. */
  async #fill(): Promise<boolean> {
    if (this.#end === this.#buffer.length) this.#makeRoom();
    const read = await this.#source.read(this.#buffer.subarray(this.#end));
    this.#end += read;
    return read > 0;
  }

  #makeRoom(): void {
    const kept = this.#buffer.subarray(this.#start, this.#end);
    const isHalfFree = kept.length <= this.#buffer.length / 2;
    const next = isHalfFree ? this.#buffer : new Uint8Array(2 * this.#buffer.length);
    next.set(kept);
    this.#buffer = next;
    this.#start = 0;
    this.#end = kept.length;
  }
}
