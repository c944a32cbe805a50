import type { TextOutput } from "../host/host.ts";
import { formatBytes, formatCount, formatRate } from "../byte_size.ts";

/** Options of a {@link Progress}. */
export interface ProgressOptions {
  /** Bytes that there will be in all, for the time left. @default unknown */
  readonly totalBytes?: number;
  /** Whether to show anything. @default whether the output is a terminal */
  readonly shown?: boolean;
}

/** The rate "now" is the mean over this time. */
const WINDOW_MS = 1000;

/** Counts what a transfer has moved, and shows it: on a terminal in one line that is drawn again, else in lines. */
export class Progress {
  readonly #output: TextOutput;
  readonly #now: () => number;
  readonly #totalBytes: number | undefined;
  readonly #shown: boolean;
  readonly #intervalMs: number;
  readonly #started: number;
  #nextDraw: number;
  readonly #samples: { at: number; bytes: number }[];
  #drawn = false;
  #records = 0;
  #bytes = 0;

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(output: TextOutput, now: () => number, options: ProgressOptions = {}) {
    const { totalBytes, shown = output.isTerminal } = options;
    this.#output = output;
    this.#now = now;
    this.#totalBytes = totalBytes;
    this.#shown = shown;
    this.#intervalMs = output.isTerminal ? 200 : 5000;
    this.#started = now();
    this.#nextDraw = this.#started + this.#intervalMs;
    this.#samples = [{ at: this.#started, bytes: 0 }];
  }

  /** Records moved so far. */
  get records(): number {
    return this.#records;
  }

  /** Bytes moved so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Milliseconds since the beginning. */
  get elapsedMs(): number {
    return this.#now() - this.#started;
  }

  /** Counts `records` records that were moved, of `bytes` bytes together. */
  add(bytes: number, records = 1): void {
    this.#records += records;
    this.#bytes += bytes;
    if (!this.#shown) return;
    const now = this.#now();
    if (now >= this.#nextDraw) this.#draw(now);
  }

  /** Takes the line off the terminal, so that a message can be written; the next one is drawn in due time. */
  clear(): void {
    if (this.#drawn && this.#output.isTerminal) this.#output.write("\r\x1b[K");
    this.#drawn = false;
  }

  #draw(now: number): void {
    const { isTerminal, columns } = this.#output;
    while (this.#samples.length > 1 && this.#samples[1].at <= now - WINDOW_MS) {
      this.#samples.shift();
    }
    const line = this.#line(now);
    this.#output.write(isTerminal ? `\r${line.slice(0, columns - 1)}\x1b[K` : `${line}\n`);
    this.#drawn = true;
    this.#nextDraw = now + this.#intervalMs;
    this.#samples.push({ at: now, bytes: this.#bytes });
  }

  #line(now: number): string {
    const { at, bytes } = this.#samples[0];
    const elapsed = now - this.#started;
    const parts = [
      formatCount(this.#records, "record"),
      formatBytes(this.#bytes),
      `${formatRate(this.#bytes - bytes, now - at)} now`,
      `${formatRate(this.#bytes, elapsed)} mean`,
    ];
    if (this.#totalBytes !== undefined && this.#bytes > 0) {
      const left = Math.max(0, this.#totalBytes - this.#bytes) * elapsed / this.#bytes;
      parts.push(`${formatDuration(left)} left`);
    }
    return parts.join(", ");
  }
}

/** A time span for people: `0:07`, `12:34`, `1:02:03`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
