import { encodeFilemark, WORD_BYTES, writeWord } from "../../sim/images/simh_tap.ts";
import type { RecordSink } from "../transfer/record_sink.ts";

/** Header of a record that could not be read: class 8, bad, without any data. */
const UNREADABLE = 0x80000000;

/** Writes a .tap image front to back, object by object: standard output takes one, too. */
export class TapWriter {
  readonly #sink: RecordSink;

  constructor(sink: RecordSink) {
    this.#sink = sink;
  }

  /** A record of at most 16777215 bytes. */
  async record(data: Uint8Array): Promise<void> {
    const word = new Uint8Array(WORD_BYTES);
    writeWord(word, 0, data.length);
    await this.#sink.write(word);
    await this.#sink.write(data);
    if (data.length % 2 !== 0) await this.#sink.write(new Uint8Array(1));
    await this.#sink.write(word);
    this.#sink.endRecord(data.length);
  }

  /** A tape mark. */
  async filemark(): Promise<void> {
    const word = new Uint8Array(WORD_BYTES);
    encodeFilemark(word, 0);
    await this.#sink.write(word);
  }

  /** The place of a record that could not be read. */
  async unreadable(): Promise<void> {
    const words = new Uint8Array(2 * WORD_BYTES);
    writeWord(words, 0, UNREADABLE);
    writeWord(words, WORD_BYTES, UNREADABLE);
    await this.#sink.write(words);
  }

  /** Everything so far is handed on. */
  flush(): Promise<void> {
    return this.#sink.flush();
  }
}
