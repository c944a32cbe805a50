import process from "node:process";

const REDRAW_MS = 200;

/** Bytes and rate of one direction: a line that moves on a terminal, one line at the end elsewhere. */
export class Progress {
  readonly #label: string;
  readonly #start = performance.now();
  #bytes = 0;
  #drawn = 0;

  constructor(label: string) {
    this.#label = label.padEnd(8);
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const now = performance.now();
    if (!process.stdout.isTTY || now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    process.stdout.write(`\r${this.#line(now)}`);
  }

  done(): void {
    const start = process.stdout.isTTY ? "\r" : "";
    process.stdout.write(`${start}${this.#line(performance.now())}\n`);
  }

  #line(now: number): string {
    const megabytes = this.#bytes / 1e6;
    const rate = megabytes / Math.max((now - this.#start) / 1000, 1e-3);
    return `${this.#label} ${megabytes.toFixed(0).padStart(6)} MB  ${
      rate.toFixed(0).padStart(5)
    } MB/s`;
  }
}
