/**
 * The counts of a drive as its log pages tell them: each since it was cleared (SPC-5 §6.8).
 *
 * @module
 */

import type { CountName, TransferCounts } from "./transfer_counts.ts";

/** What was counted, by name. */
export type Counted = Readonly<Record<CountName, number>>;

/** The counts of one drive, page by page. */
export class LogCounts {
  readonly #counts: TransferCounts;
  readonly #cleared = new Map<number, Counted>();

  constructor(counts: TransferCounts) {
    this.#counts = counts;
  }

  /** What was counted since this page was cleared. */
  since(page: number): Counted {
    const cleared = this.#cleared.get(page);
    if (cleared === undefined) return this.#counts;
    const counted: Record<CountName, number> = { ...this.#counts };
    for (const name of Object.keys(counted) as CountName[]) counted[name] -= cleared[name];
    return counted;
  }

  /** Counts for these pages from 0 on. */
  clear(pages: readonly number[]): void {
    const now: Counted = { ...this.#counts };
    for (const page of pages) this.#cleared.set(page, now);
  }
}
