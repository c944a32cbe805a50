/**
 * The one place that moves bytes between a socket and the protocol core: one read loop, one write loop, one timer.
 *
 * @module
 */

import type { ByteStream } from "../../transport/byte_stream.ts";
import type { Clock } from "./clock.ts";
import { OutputBatch } from "./output_batch.ts";

/** A protocol core without I/O, as its driver sees it: one connection of either role. Times are the driver's clock's. */
export interface ProtocolCore {
  /** Whether the connection is over; nothing is read or written any more. */
  readonly closed: boolean;
  /** The connection is there. */
  start(now: number): void;
  /** Resolves when bytes may be read again, or the connection is over; `undefined` when they may be read now. */
  paused?(): Promise<void> | undefined;
  /** Where the next bytes from the socket belong. */
  destination(): Uint8Array;
  /** `count` bytes from the socket are in {@link destination}. */
  received(count: number, now: number): void;
  /** The stream has ended or broken; `error` is the transport's, if it gave one. */
  connectionEnded(error: unknown, now: number): void;
  /** Nothing will be read any more: the socket has let go of the last {@link destination}. */
  readEnded?(): void;
  /** Whether nothing waits that {@link produce} could give; where a core cannot tell, it is asked for that each time. */
  readonly idle?: boolean;
  /** Fills a batch with what is to be written; false when there is nothing. */
  produce(batch: OutputBatch): boolean;
  /** The socket has let go of the last batch: it has taken it, or failed. */
  written(): void;
  /** Time has passed. */
  tick(now: number): void;
  /** When {@link tick} is due at the latest. Asked often: it has to be cheap. */
  nextDeadline(): number;
}

/** Drives one core over one stream until the core closes. */
export class ConnectionDriver {
  readonly #stream: ByteStream;
  readonly #core: ProtocolCore;
  readonly #clock: Clock;
  readonly #batch: OutputBatch = new OutputBatch();
  #flushing = false;
  #writeLoop: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #armedFor = Infinity;

  constructor(stream: ByteStream, core: ProtocolCore, clock: Clock) {
    this.#stream = stream;
    this.#core = core;
    this.#clock = clock;
  }

  /** Begins to read; resolves when the stream has ended and let go of all buffers. Never rejects. */
  async run(): Promise<void> {
    this.#core.start(this.#clock.now());
    this.changed();
    await this.#readLoop();
    await this.#writeLoop;
  }

  /** The core has been given something to do: write what is due, and look at the clock in time. */
  changed(): void {
    this.#arm(this.#core.nextDeadline());
    this.#scheduleFlush();
  }

  /** Stops the timer and closes the stream: both loops end. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedFor = -Infinity;
    this.#stream.close();
  }

  async #readLoop(): Promise<void> {
    try {
      while (!this.#core.closed) {
        const pause = this.#core.paused?.();
        if (pause !== undefined) {
          await pause;
          continue;
        }
        const count = await this.#stream.read(this.#core.destination());
        if (count === null) break;
        this.#core.received(count, this.#clock.now());
        this.changed();
      }
      this.#core.connectionEnded(undefined, this.#clock.now());
    } catch (error) {
      this.#core.connectionEnded(error, this.#clock.now());
    }
    this.#core.readEnded?.();
  }

  /** Calls made in one turn of the event loop share one write. */
  #scheduleFlush(): void {
    // Most of what comes in asks for nothing to go out.
    if (this.#flushing || this.#core.idle) return;
    this.#flushing = true;
    queueMicrotask(this.#startFlush);
  }

  readonly #startFlush = (): void => {
    if (this.#hasOutput()) this.#writeLoop = this.#flush();
    else this.#flushing = false;
  };

  #hasOutput(): boolean {
    try {
      return this.#core.produce(this.#batch);
    } catch (error) {
      this.#writingFailed(error);
      return false;
    }
  }

  /** Writes the batch that is there, and those that come meanwhile. */
  async #flush(): Promise<void> {
    try {
      do {
        await this.#stream.write(this.#batch.take());
        this.#batch.clear();
        this.#core.written();
      } while (!this.#core.idle && this.#core.produce(this.#batch));
    } catch (error) {
      this.#writingFailed(error);
    } finally {
      this.#flushing = false;
    }
  }

  #writingFailed(error: unknown): void {
    this.#core.connectionEnded(error, this.#clock.now());
    this.#core.written();
  }

  #arm(deadline: number): void {
    if (deadline >= this.#armedFor) return;
    this.#cancelTimer?.();
    this.#armedFor = deadline;
    this.#cancelTimer = this.#clock.schedule(this.#tick, deadline - this.#clock.now());
  }

  readonly #tick = (): void => {
    this.#armedFor = Infinity;
    try {
      this.#core.tick(this.#clock.now());
    } catch (error) {
      this.#core.connectionEnded(error, this.#clock.now());
    }
    this.changed();
  };
}
