/**
 * Where the Data-Out of a command comes from: pulled only as far as the target has asked for it.
 *
 * @module
 */

import { isBytes } from "../../../scsi/bytes.ts";
import type { StreamedDataOut } from "./streamed_data_out.ts";

/** Gives the bytes of a command's Data-Out, in chunks of any size. */
export type DataSource = AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Whether bytes may be pulled from a value. */
export function isDataSource(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return "getReader" in value || Symbol.asyncIterator in value;
}

/** What a {@link DataPump} tells, never in the middle of anything. */
export interface DataPumpEvents {
  /** More data is there, or its end. */
  filled(): void;
  /** The source will not give what was promised: why, and what it threw if it did. */
  failed(state: string, cause?: unknown): void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Moves bytes from a source into the window of a command. Holds no more of the source than its last chunk. */
export class DataPump {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #data: StreamedDataOut;
  readonly #events: DataPumpEvents;
  #rest: Uint8Array = NO_BYTES;
  #isRunning = false;
  /** The source has ended or failed, or was told that nobody needs it. */
  #isDone = false;

  constructor(source: DataSource, data: StreamedDataOut, events: DataPumpEvents) {
    this.#chunks = chunksOf(source);
    this.#data = data;
    this.#events = events;
  }

  /** There may be room, or no more need for data. */
  run(): void {
    if (this.#isDone) return;
    if (this.#data.isOver) void this.#stop();
    else if (!this.#isRunning) void this.#move();
  }

  async #move(): Promise<void> {
    this.#isRunning = true;
    await undefined; // Whoever asked for data is in the middle of something.
    while (!this.#isDone && !this.#data.isOver) {
      const space = this.#data.space();
      if (space.length === 0 && !this.#data.awaitsEnd) break;
      if (this.#rest.length === 0) await this.#pull();
      else if (space.length > 0) this.#copy(space);
      else {this.#fail(
          `its source gives more than the ${this.#data.length} bytes that were promised`,
        );}
    }
    this.#isRunning = false;
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#chunks.next();
      if (this.#isDone || this.#data.isOver) return;
      if (done) this.#ended();
      else if (isBytes(value)) this.#rest = value;
      else this.#fail("its source gives something else than bytes");
    } catch (error) {
      if (this.#isDone || this.#data.isOver) return;
      this.#isDone = true;
      this.#events.failed("its source failed", error);
    }
  }

  #ended(): void {
    this.#isDone = true;
    const { filled, length } = this.#data;
    if (filled < length) {
      return this.#events.failed(`its source ended after ${filled} of ${length} bytes`);
    }
    this.#data.ended();
    this.#events.filled();
  }

  #copy(space: Uint8Array): void {
    const piece = this.#rest.subarray(0, space.length);
    space.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    this.#data.fill(piece.length);
    this.#events.filled();
  }

  #fail(state: string): void {
    void this.#stop();
    this.#events.failed(state);
  }

  /** The source is told that nobody needs it any more; what it makes of that concerns nobody. */
  async #stop(): Promise<void> {
    this.#isDone = true;
    this.#rest = NO_BYTES;
    try {
      await undefined;
      await this.#chunks.return?.();
    } catch { /* See above. */ }
  }
}

function chunksOf(source: DataSource): AsyncIterator<Uint8Array> {
  if (!("getReader" in source)) return source[Symbol.asyncIterator]();
  const reader = source.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
