import type { Clock } from "./clock.ts";
import { concat } from "./concat.ts";
import { DirectPipe } from "./direct_pipe.ts";
import { transportFailure } from "./errors.ts";
import type { Pipe } from "./pipe.ts";

/** Options of {@link LatentPipe}. */
export interface LatentPipeOptions {
  /** Most bytes that one read returns. */
  readonly chunkBytes: number;
  /** Bytes that may be under way; a single write may be larger when nothing else is. */
  readonly bufferBytes: number;
  /** Milliseconds from a write to when its bytes can be read. */
  readonly latencyMs: number;
  /** What measures them. */
  readonly clock: Clock;
}

/** Bytes under way, or the end of the stream. */
interface Segment {
  readonly dueMs: number;
  readonly bytes: Uint8Array | null;
}

interface WaitingWrite {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Hands bytes from a writer to a reader a fixed time later; any number of writes can be under way. */
export class LatentPipe implements Pipe {
  readonly #options: LatentPipeOptions;
  readonly #outlet: DirectPipe;
  readonly #underWay: Segment[] = [];
  #underWayBytes = 0;
  #delivering = false;
  #cancelTimer: (() => void) | undefined;
  #waiting: WaitingWrite | undefined;
  #ended = false;
  #abandoned = false;

  constructor(options: LatentPipeOptions) {
    this.#options = options;
    this.#outlet = new DirectPipe({ chunkBytes: options.chunkBytes, bufferBytes: 0 });
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#outlet.read(into);
  }

  write(chunks: readonly Uint8Array[]): Promise<void> {
    if (this.#ended || this.#abandoned) return Promise.reject(this.#writeFailure());
    const bytes = concat(chunks);
    if (this.#hasRoomFor(bytes)) return Promise.resolve(this.#send(bytes));
    return new Promise((resolve, reject) => {
      this.#waiting = { bytes, resolve, reject };
    });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rejectWaiting();
    if (!this.#abandoned) this.#send(null);
  }

  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#cancelTimer?.();
    this.#underWay.length = 0;
    this.#outlet.abandon();
    this.#rejectWaiting();
  }

  #hasRoomFor(bytes: Uint8Array): boolean {
    return this.#underWayBytes === 0 ||
      this.#underWayBytes + bytes.length <= this.#options.bufferBytes;
  }

  #send(bytes: Uint8Array | null): void {
    if (bytes?.length === 0) return;
    const { clock, latencyMs } = this.#options;
    this.#underWay.push({ dueMs: clock.now() + latencyMs, bytes });
    this.#underWayBytes += bytes?.length ?? 0;
    this.#deliver();
  }

  /** Hands the next segment to the reader when it is due; waits for its time, or for the reader. */
  #deliver(): void {
    const next = this.#underWay[0];
    if (next === undefined || this.#delivering) return;
    this.#delivering = true;
    const waitMs = next.dueMs - this.#options.clock.now();
    if (waitMs > 0) {
      this.#cancelTimer = this.#options.clock.schedule(this.#deliverAgain, waitMs);
      return;
    }
    this.#underWay.shift();
    const { bytes } = next;
    if (bytes === null) return this.#outlet.end();
    // It rejects only when the reader is gone, and then nothing is left to deliver.
    this.#outlet.write([bytes]).then(() => this.#delivered(bytes.length), () => {});
  }

  readonly #deliverAgain = (): void => {
    this.#delivering = false;
    this.#deliver();
  };

  #delivered(count: number): void {
    this.#underWayBytes -= count;
    const waiting = this.#waiting;
    if (waiting !== undefined && this.#hasRoomFor(waiting.bytes)) {
      this.#waiting = undefined;
      this.#send(waiting.bytes);
      waiting.resolve();
    }
    this.#deliverAgain();
  }

  #rejectWaiting(): void {
    this.#waiting?.reject(this.#writeFailure());
    this.#waiting = undefined;
  }

  #writeFailure(): Error {
    return transportFailure({ op: "write", reason: this.#ended ? "closed" : "reset" });
  }
}
