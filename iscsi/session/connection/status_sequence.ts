/**
 * The initiator's view of a connection's StatSN (RFC 7143 §4.2.2.2).
 *
 * @module
 */

import { serialAdd, serialDistance } from "../../connection/serial_number.ts";

/** What a StatSN turned out to be: in order, ahead of ones still to come, seen before, or out of all proportion. */
export type StatusArrival = "next" | "early" | "duplicate" | "gap";

/**
 * How far a StatSN may be ahead. Targets with several threads send responses in another order than they number them;
 * none has more responses on the way than this.
 */
const MAX_EARLY = 1024;

/** Tracks ExpStatSN: the highest contiguous StatSN, plus one. It never goes backwards. */
export class StatusSequence {
  #expStatSn = 0;
  readonly #early: Set<number> = new Set();

  /** What every outgoing PDU of the connection acknowledges. */
  get expStatSn(): number {
    return this.#expStatSn;
  }

  /**
   * Takes in the StatSN of a Login Response. In a login one response follows one request, so that none can be missing,
   * and the last one sets the start of what follows (RFC 7143 §11.13.4).
   */
  begin(statSn: number): void {
    this.#expStatSn = serialAdd(statSn, 1);
  }

  /** Takes in the StatSN of a PDU whose kind advances it. */
  accept(statSn: number): StatusArrival {
    const ahead = serialDistance(this.#expStatSn, statSn);
    if (ahead < 0 || this.#early.has(statSn)) return "duplicate";
    if (ahead > MAX_EARLY) return "gap";
    if (ahead > 0) {
      this.#early.add(statSn);
      return "early";
    }
    this.#expStatSn = serialAdd(statSn, 1);
    while (this.#early.delete(this.#expStatSn)) this.#expStatSn = serialAdd(this.#expStatSn, 1);
    return "next";
  }
}
