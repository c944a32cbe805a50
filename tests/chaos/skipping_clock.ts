import type { Clock } from "../../transport/clock.ts";

interface Appointment {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to skip to whatever is due next. */
export class SkippingClock implements Clock {
  #nowMs = 0;
  #appointments: Appointment[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(callback: () => void, delayMs: number): () => void {
    const appointment = { dueMs: this.#nowMs + Math.max(delayMs, 0), callback };
    this.#appointments.push(appointment);
    return () => {
      this.#appointments = this.#appointments.filter((other) => other !== appointment);
    };
  }

  /** How many calls are still to be made. */
  get pending(): number {
    return this.#appointments.length;
  }

  /** When the next call is due; infinity when there is none. */
  get next(): number {
    return this.#appointments.reduce((next, { dueMs }) => Math.min(next, dueMs), Infinity);
  }

  /** Nothing happens until then: nothing may be due before. */
  passUntil(ms: number): void {
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  /** Makes the next call; false when there is none. */
  skip(): boolean {
    if (this.#appointments.length === 0) return false;
    const next = this.#appointments.reduce((one, other) => other.dueMs < one.dueMs ? other : one);
    this.#appointments = this.#appointments.filter((other) => other !== next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.callback();
    return true;
  }

  /** Waits on this clock; ends with the signal's reason when that aborts. */
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal!.reason);
      };
      const cancel = this.schedule(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
}
