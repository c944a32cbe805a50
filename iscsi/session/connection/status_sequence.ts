/**
 * The initiator's view of a connection's StatSN (RFC 7143 §4.2.2.2).
 *
 * @module
 */

import { serialAdd, serialDistance, serialLess } from "../../connection/serial_number.ts";

/** What a StatSN turned out to be: in order, ahead of ones still to come, seen before, or out of all proportion. */
export type StatusArrival = "next" | "early" | "duplicate" | "gap";

/** Numbers in a row. */
export interface NumberRun {
  readonly begin: number;
  readonly length: number;
}

/**
 * How far a StatSN may be ahead. Targets with several threads send responses in another order than they number them;
 * none has more responses on the way than this.
 */
const MAX_EARLY = 1024;

/** Tracks ExpStatSN: the highest contiguous StatSN, plus one. It never goes backwards. */
export class StatusSequence {
  #expStatSn = 0;
  /** One past the highest StatSN that the target is known to have sent. */
  #known = 0;
  readonly #early: Set<number> = new Set();
  /** Statuses that have come, but must not be acknowledged yet: their data is still asked for. */
  readonly #withheld: Set<number> = new Set();

  /** `expStatSn` is what the connection that this one replaces expected next. */
  constructor(expStatSn = 0) {
    this.#expStatSn = expStatSn;
    this.#known = expStatSn;
  }

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
    this.#known = this.#expStatSn;
  }

  /** Takes in the StatSN of a PDU whose kind advances it. `withhold`: until {@link release} it is not acknowledged. */
  accept(statSn: number, withhold = false): StatusArrival {
    const ahead = serialDistance(this.#expStatSn, statSn);
    if (ahead < 0 || this.#early.has(statSn) || this.#withheld.has(statSn)) return "duplicate";
    if (ahead > MAX_EARLY) return "gap";
    this.sent(statSn);
    if (withhold || ahead > 0) {
      (withhold ? this.#withheld : this.#early).add(statSn);
      return "early";
    }
    this.#expStatSn = serialAdd(statSn, 1);
    this.#advance();
    return "next";
  }

  /** A status that was withheld may be acknowledged. */
  release(statSn: number): void {
    if (!this.#withheld.delete(statSn)) return;
    this.#early.add(statSn);
    this.#advance();
  }

  /** A status that was withheld is replaced by another with the same number, which is still to come. */
  forget(statSn: number): void {
    this.#withheld.delete(statSn);
  }

  /** The target has sent something with this StatSN, whether it has arrived or not; far ahead, it is not believed. */
  sent(statSn: number): void {
    const next = serialAdd(statSn, 1);
    if (serialDistance(this.#expStatSn, next) > MAX_EARLY) return;
    if (serialLess(this.#known, next)) this.#known = next;
  }

  /** The first run of responses that the target has sent and that have not arrived; `undefined` when all have. */
  missing(): NumberRun | undefined {
    let begin = this.#expStatSn;
    while (serialLess(begin, this.#known) && this.#has(begin)) begin = serialAdd(begin, 1);
    if (!serialLess(begin, this.#known)) return undefined;
    let end = serialAdd(begin, 1);
    while (serialLess(end, this.#known) && !this.#has(end)) end = serialAdd(end, 1);
    return { begin, length: serialDistance(begin, end) };
  }

  #has(statSn: number): boolean {
    return this.#early.has(statSn) || this.#withheld.has(statSn);
  }

  #advance(): void {
    while (this.#early.delete(this.#expStatSn)) this.#expStatSn = serialAdd(this.#expStatSn, 1);
    if (serialLess(this.#known, this.#expStatSn)) this.#known = this.#expStatSn;
  }
}
