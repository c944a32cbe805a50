/**
 * The SIMH .tap format, read front to back (Supnik, "SIMH Magtape Representation and Handling").
 *
 * @module
 */

import { ImageFormatError } from "../../sim/images/errors.ts";
import {
  classifyWord,
  encodeFilemark,
  paddedLength,
  readWord,
  type TapWord,
  WORD_BYTES,
  writeWord,
} from "../../sim/images/simh_tap.ts";
import type { RecordSink } from "../transfer/record_sink.ts";
import type { ImageBytes } from "./image_bytes.ts";
import type { ImageStep, Likeness } from "./image_step.ts";

/** The walk through a .tap image; see {@link ImageWalk}. */
export async function* walkTapImage(bytes: ImageBytes): AsyncGenerator<ImageStep, void, undefined> {
  let sealed = false;
  for (;;) {
    const { offset } = bytes;
    const header = await bytes.peek(WORD_BYTES);
    if (header.length === 0) return;
    if (header.length < WORD_BYTES) return yield cut(offset, "cut within a header");
    const value = readWord(header, 0);
    const word = classifyWord(value);
    switch (word.kind) {
      case "end-of-medium":
        return;
      case "reserved":
        throw badHeader(bytes.path, offset, value);
      case "skip":
        await bytes.take(word.bytes);
        continue;
      case "filemark":
        await bytes.take(WORD_BYTES);
        sealed = false;
        yield { kind: "filemark" };
        continue;
    }
    const data = await takeRecord(bytes, offset, word, value);
    if (data === undefined) return yield cut(offset, `cut within a record of ${word.length} bytes`);
    if (word.kind === "record") yield { kind: "record", data, ...(sealed && { sealed }) };
    else if (word.kind === "damaged") yield { kind: "damaged", data };
    sealed = word.kind === "seal";
  }
}

type RecordWord = Extract<TapWord, { readonly length: number }>;

/** `undefined` when the file ends before the record does. @throws {ImageFormatError} when its trailer is another's. */
async function takeRecord(
  bytes: ImageBytes,
  offset: number,
  { length }: RecordWord,
  header: number,
): Promise<Uint8Array | undefined> {
  const padded = paddedLength(length);
  await bytes.take(WORD_BYTES);
  const whole = await bytes.take(padded + WORD_BYTES);
  if (whole.length < padded + WORD_BYTES) return undefined;
  const trailer = readWord(whole, padded);
  if (trailer === header) return whole.subarray(0, length);
  const isUnpadded = padded !== length && readWord(whole, length) === header;
  const hint = isUnpadded ? "; it looks like the E11 format, which does not pad odd records" : "";
  throw new ImageFormatError(
    `Cannot use ${bytes.path} as a .tap image: the record at offset ${offset} has header ` +
      `${hex(header)} but trailer ${hex(trailer)}${hint}`,
    { path: bytes.path, offset },
  );
}

function cut(offset: number, problem: string): ImageStep {
  return { kind: "cut", offset, problem };
}

function badHeader(path: string, offset: number, word: number): ImageFormatError {
  return new ImageFormatError(
    `Cannot use ${path} as a .tap image: found ${hex(word)} at offset ${offset}, ` +
      "which begins neither a record nor a tape mark",
    { path, offset },
  );
}

function hex(word: number): string {
  return `${word.toString(16).toUpperCase().padStart(8, "0")}h`;
}

/** Whether an image may begin so: its first record, where all of it is there, has the right trailer. */
export function judgeTap(beginning: Uint8Array): Likeness {
  for (let at = 0; at + WORD_BYTES <= beginning.length; at += WORD_BYTES) {
    const value = readWord(beginning, at);
    const word = classifyWord(value);
    if (word.kind === "reserved") return "impossible";
    if (!("length" in word)) continue;
    const trailerAt = at + WORD_BYTES + paddedLength(word.length);
    if (trailerAt + WORD_BYTES > beginning.length) return "possible";
    return readWord(beginning, trailerAt) === value ? "likely" : "impossible";
  }
  return beginning.length % WORD_BYTES === 0 ? "likely" : "impossible";
}

/** Header of a record that could not be read: class 8, bad, without any data. */
const UNREADABLE = 0x80000000;

/** Writes a .tap image, object by object. */
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
