/**
 * Tape as web streams.
 *
 * @module
 */

import { method, signal as abortSignal, truth } from "../scsi/option_rules.ts";
import { checkBytes } from "./caller_bytes.ts";
import { checkOptional } from "./caller_values.ts";
import { TapeError } from "./errors.ts";
import type { RecordTaker } from "./record_reader.ts";
import type { WriteResult } from "./write_result.ts";

/** Options of `writable()`. */
export interface WritableOptions {
  /**
   * Length of the records in bytes: what is written to the stream is cut and joined to records of this length, the last one shorter. Needs
   * a buffer of that size. In fixed mode it must be a multiple of the block size, and so must be all that is written. @default each chunk is one record
   */
  readonly blockBytes?: number;
  /** Writes a filemark when the stream is closed. @default false */
  readonly filemark?: boolean;
  /** Fails the stream with its reason; what was written by then stays. @default none */
  readonly signal?: AbortSignal;
  /** Called when a record was written near the end of the tape: leave room for what has to follow. @default not told */
  readonly onEarlyWarning?: (result: WriteResult) => void;
}

/** What a stream needs of a drive. */
export interface RecordSink {
  write(data: Uint8Array): Promise<WriteResult>;
  writeFilemarks(): Promise<WriteResult>;
  flush(): Promise<WriteResult>;
}

/** Cuts and joins chunks to blocks of one length. */
class Reblocker {
  readonly #block: Uint8Array;
  readonly #write: (data: Uint8Array) => Promise<void>;
  #filled = 0;

  constructor(blockBytes: number, write: (data: Uint8Array) => Promise<void>) {
    if (!Number.isSafeInteger(blockBytes) || blockBytes < 1) {
      throw new TapeError(
        "invalid-argument",
        `Cannot cut a stream into records of ${blockBytes} bytes: it is not a whole number of at least 1`,
      );
    }
    this.#block = new Uint8Array(blockBytes);
    this.#write = write;
  }

  async add(chunk: Uint8Array): Promise<void> {
    checkBytes(chunk, "write");
    const size = this.#block.length;
    let at = 0;
    while (at < chunk.length) {
      if (this.#filled === 0 && chunk.length - at >= size) {
        await this.#write(chunk.subarray(at, at += size));
        continue;
      }
      const part = chunk.subarray(at, at + size - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === size) await this.end();
    }
  }

  /** Writes what is left. */
  async end(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#write(this.#block.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

/**
 * A stream that writes to tape. It takes a chunk only when the one before is written, or with write-behind on its way; closing it flushes, so that the data
 * is on tape when `close()` resolves. Aborting it leaves the records written so far.
 */
export function writableTo(
  sink: RecordSink,
  options: WritableOptions = {},
): WritableStream<Uint8Array> {
  checkOptional(options, { filemark: truth, onEarlyWarning: method, signal: abortSignal });
  const { blockBytes, filemark = false, signal, onEarlyWarning } = options;
  const tell = (result: WriteResult) => {
    if (result.earlyWarning || result.programmableEarlyWarning) onEarlyWarning?.(result);
  };
  let unlisten = () => {};
  // A stream that has failed hears of neither close nor abort.
  const write = async (data: Uint8Array) => {
    try {
      tell(await sink.write(data));
    } catch (error) {
      unlisten();
      throw error;
    }
  };
  const blocks = blockBytes === undefined ? undefined : new Reblocker(blockBytes, write);
  return new WritableStream<Uint8Array>({
    start: (controller) => {
      unlisten = onAbort(signal, (reason) => controller.error(reason));
    },
    write: (chunk) => blocks === undefined ? write(chunk) : blocks.add(chunk),
    close: async () => {
      unlisten();
      await blocks?.end();
      // A filemark that is written at once takes everything before it along.
      tell(await (filemark ? sink.writeFilemarks() : sink.flush()));
    },
    abort: () => unlisten(),
  });
}

/** Calls `aborted` as soon as the signal aborts; what it returns ends that. */
function onAbort(
  signal: AbortSignal | undefined,
  aborted: (reason: unknown) => void,
): () => void {
  if (signal === undefined) return () => {};
  const listener = () => aborted(signal.reason);
  if (signal.aborted) listener();
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** A stream of the records that `next` has its taker take, until there is none; asks only when the reader does. */
export function readableFrom(
  next: (taker: RecordTaker) => Promise<unknown>,
): ReadableStream<Uint8Array> {
  let isOpen = true;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const end = () => {
        if (isOpen) controller.close();
        isOpen = false;
      };
      const result = await next({
        get isWaiting() {
          return isOpen;
        },
        take: (taken) => taken.kind === "record" ? controller.enqueue(taken.data) : end(),
        fail: (error) => controller.error(error),
      });
      if (result === undefined) end();
    },
    cancel: () => {
      isOpen = false;
    },
  }, { highWaterMark: 0 });
}
