/**
 * Responses that came before an earlier one did. They are held back until the gap in StatSN closes: a target that
 * answers out of order may also have mixed up its answers, and what stands behind a missing one cannot be trusted.
 *
 * @module
 */

import { serialLess } from "../../connection/serial_number.ts";

/** How long a gap may last. On one connection all responses travel the same way, so it is a matter of microseconds. */
const MAX_GAP_MS = 1000;

interface HeldResponse {
  readonly statSn: number;
  readonly act: () => void;
}

/** The responses of one connection that wait for others, in the order of their StatSN. */
export class OrderedResponses {
  readonly #held: HeldResponse[] = [];
  #deadline = Infinity;

  /** When a gap will have lasted too long; infinity while there is none. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Holds a response back; `act` is what it does once those before it have come. */
  hold(statSn: number, act: () => void, now: number): void {
    this.#held.push({ statSn, act });
    if (this.#deadline === Infinity) this.#deadline = now + MAX_GAP_MS;
  }

  /** Lets act what need not wait any longer. Each step forward gives the others their time anew. */
  release(expStatSn: number, now: number): void {
    if (this.#held.length === 0) return;
    this.#held.sort((a, b) => serialLess(a.statSn, b.statSn) ? -1 : 1);
    let released = 0;
    while (this.#held.length > 0 && serialLess(this.#held[0].statSn, expStatSn)) {
      this.#held.shift()!.act();
      released++;
    }
    if (released > 0) this.#deadline = this.#held.length === 0 ? Infinity : now + MAX_GAP_MS;
  }

  /** Nothing was read for a while: what is missing may have come long ago. */
  resume(now: number): void {
    if (this.#deadline !== Infinity) this.#deadline = now + MAX_GAP_MS;
  }

  /** The session is over: nothing will act any more. */
  abandon(): void {
    this.#held.length = 0;
    this.#deadline = Infinity;
  }
}
