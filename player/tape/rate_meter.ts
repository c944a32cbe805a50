/** Length of "now". */
const WINDOW_MS = 1000;

/** Bytes a millisecond, now and in the mean, of something that pauses. */
export class RateMeter {
  readonly #recent: { readonly atMs: number; readonly bytes: number }[] = [];
  #bytes = 0;
  #busyMs = 0;

  /** `bytes` came at `atMs`, after `busyMs` milliseconds of waiting for them. */
  add(bytes: number, atMs: number, busyMs: number): void {
    this.#bytes += bytes;
    this.#busyMs += busyMs;
    this.#recent.push({ atMs, bytes });
    this.#expire(atMs);
  }

  /** MB/s over the last second. */
  now(atMs: number): number {
    this.#expire(atMs);
    return this.#recent.reduce((sum, { bytes }) => sum + bytes, 0) / WINDOW_MS / 1000;
  }

  /** MB/s over all the time that was spent reading. */
  get mean(): number {
    return this.#busyMs > 0 ? this.#bytes / this.#busyMs / 1000 : 0;
  }

  #expire(atMs: number): void {
    while (this.#recent.length > 0 && this.#recent[0].atMs < atMs - WINDOW_MS) this.#recent.shift();
  }
}
