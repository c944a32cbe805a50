/**
 * The files of a tape: what lies between filemarks.
 *
 * @module
 */

import { OperationQueue } from "./operation_queue.ts";
import type { ReadResult, RecordTaker } from "./record_reader.ts";
import { readableFrom } from "./streams.ts";

/** What files need of a drive. */
export interface RecordSource {
  /** The next record, or what stands in its place; nothing, and nothing is taken, when the taker does not wait any more by the time it has come. */
  read(taker?: RecordTaker): Promise<ReadResult | undefined>;
  /** Whether end of data comes next; moves nothing that the caller sees. */
  isAtEndOfData(): Promise<boolean>;
  /** Goes on to behind the next filemark, or to the end of data; says whether there was a filemark. */
  skipFile(): Promise<boolean>;
}

/** One file of a tape. It can be read once, by its stream or record by record, until the next one is asked for. */
export class TapeFile {
  /** Number of the file, counted from 0 where the iteration began. */
  readonly index: number;
  readonly #source: RecordSource;
  #readable: ReadableStream<Uint8Array> | undefined;
  #end: "filemark" | "end-of-data" | undefined;
  /** With more than one record asked for, each waits for the one before. */
  readonly #queue = new OperationQueue();
  #isLeft = false;

  /** Files come from `TapeDrive.files()`. */
  constructor(index: number, source: RecordSource) {
    this.index = index;
    this.#source = source;
  }

  /**
   * The file as a stream, one chunk a record; the same one each time. The chunks are the reader's. Cancelling it leaves the rest of the file unread.
   */
  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= readableFrom((taker) => this.#next(taker));
    return this.#readable;
  }

  /** The file's records, up to its end. The arrays are the caller's. */
  async *records(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let record = await this.#next(); record !== undefined; record = await this.#next()) {
      yield record;
    }
  }

  /** What ended the file, once it has been read to its end. */
  get end(): "filemark" | "end-of-data" | undefined {
    return this.#end;
  }

  /** Leaves the file behind; says whether another may follow. Whoever still reads it gets nothing more. */
  async finish(): Promise<boolean> {
    this.#isLeft = true;
    await this.#queue.run(() => Promise.resolve());
    if (this.#end === undefined) {
      this.#end = await this.#source.skipFile() ? "filemark" : "end-of-data";
    }
    return this.#end === "filemark";
  }

  #next(taker?: RecordTaker): Promise<Uint8Array | undefined> {
    return this.#queue.run(() => this.#read(taker));
  }

  async #read(taker?: RecordTaker): Promise<Uint8Array | undefined> {
    if (this.#isLeft || this.#end !== undefined) return undefined;
    const result = await this.#source.read(taker && this.#noting(taker));
    if (result?.kind === "record") return result.data;
    this.#end = result?.kind;
    return undefined;
  }

  /** Whoever has come to the end can ask what it was. */
  #noting(taker: RecordTaker): RecordTaker {
    return {
      get isWaiting() {
        return taker.isWaiting;
      },
      take: (result) => {
        if (result.kind !== "record") this.#end = result.kind;
        taker.take(result);
      },
      fail: (error) => taker.fail(error),
    };
  }
}

/** The files from here to the end of data. Two filemarks in a row make an empty file; a filemark before end of data makes none. */
export async function* filesFrom(
  source: RecordSource,
): AsyncGenerator<TapeFile, void, undefined> {
  for (let index = 0; !await source.isAtEndOfData(); index++) {
    const file = new TapeFile(index, source);
    yield file;
    if (!await file.finish()) return;
  }
}
