/**
 * Results that came before an earlier response did. They are held back until the gap in StatSN closes: a target that
 * answers out of order may also have mixed up its answers, and what stands behind a missing one cannot be trusted.
 *
 * @module
 */

import type { ScsiResult } from "../../scsi/logical_unit.ts";
import type { ScsiTask } from "./scsi_task.ts";
import { serialLess } from "../connection/serial_number.ts";

interface HeldResult {
  readonly statSn: number;
  readonly task: ScsiTask;
  readonly result: ScsiResult;
}

/** The results of one connection in the order of their StatSN. */
export class OrderedResults {
  readonly #held: HeldResult[] = [];
  #waitingSince = Infinity;

  /** When the oldest gap appeared; infinity when there is none. */
  get waitingSince(): number {
    return this.#waitingSince;
  }

  /** Delivers a result, or holds it while responses before it are missing. */
  add(held: HeldResult, expStatSn: number, now: number): void {
    if (serialLess(held.statSn, expStatSn)) return held.task.complete(held.result);
    this.#held.push(held);
    if (this.#waitingSince === Infinity) this.#waitingSince = now;
  }

  /** Responses have come: delivers what need not wait any longer. */
  release(expStatSn: number): void {
    if (this.#held.length === 0) return;
    this.#held.sort((a, b) => serialLess(a.statSn, b.statSn) ? -1 : 1);
    while (this.#held.length > 0 && serialLess(this.#held[0].statSn, expStatSn)) {
      const { task, result } = this.#held.shift()!;
      task.complete(result);
    }
    if (this.#held.length === 0) this.#waitingSince = Infinity;
  }

  /** The session is over: the tasks whose results were held fail like the others. */
  abandon(): ScsiTask[] {
    this.#waitingSince = Infinity;
    return this.#held.splice(0).map(({ task }) => task);
  }
}
