/** Time as a transport sees it: handed in, so that tests can make it virtual. */
export interface Clock {
  /** Milliseconds since a point in time that does not change; never decreases. */
  now(): number;
  /**
   * Calls `callback` once, `delayMs` milliseconds from now.
   *
   * @returns cancels the call; does nothing once it was made
   */
  schedule(callback: () => void, delayMs: number): () => void;
}

interface Appointment {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A {@link Clock} that stands still until it is told to advance. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #appointments: Appointment[] = [];

  /** Milliseconds that the clock was advanced by in all. */
  now(): number {
    return this.#nowMs;
  }

  /** Calls `callback` from within the {@link advance} that reaches its time. */
  schedule(callback: () => void, delayMs: number): () => void {
    const appointment: Appointment = { dueMs: this.#nowMs + delayMs, callback };
    const later = this.#appointments.findIndex(({ dueMs }) => dueMs > appointment.dueMs);
    this.#appointments.splice(later < 0 ? this.#appointments.length : later, 0, appointment);
    return () => {
      this.#appointments = this.#appointments.filter((other) => other !== appointment);
    };
  }

  /** Moves time on by `ms` milliseconds and makes the calls that fall due, in order, each at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#appointments[0]; next?.dueMs <= endMs; next = this.#appointments[0]) {
      this.#appointments.shift();
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }

  /** How many calls are still to be made. */
  get pending(): number {
    return this.#appointments.length;
  }
}
