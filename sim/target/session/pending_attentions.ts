/**
 * Unit attentions that come from the target itself: what became of tasks that ended without an answer (SAM-5 §5.14).
 *
 * @module
 */

import type { TaskAttention } from "../tasks/task_sense.ts";

/** Commands that are carried out in spite of a unit attention, and leave it pending (SAM-5 §5.14): INQUIRY, REPORT LUNS. */
const EXEMPT: ReadonlySet<number> = new Set([0x12, 0xa0]);

/** The pending unit attentions of one nexus, by logical unit; each is there once. */
export class PendingAttentions<Unit> {
  readonly #pending = new Map<Unit, Set<TaskAttention>>();

  add(unit: Unit, attention: TaskAttention): void {
    const pending = this.#pending.get(unit) ?? new Set();
    this.#pending.set(unit, pending.add(attention));
  }

  /** What a command with this operation code reports, the oldest; undefined when it may go on. */
  take(unit: Unit, operationCode: number): TaskAttention | undefined {
    const pending = this.#pending.get(unit);
    if (pending === undefined || EXEMPT.has(operationCode)) return undefined;
    const [oldest] = pending;
    pending.delete(oldest);
    if (pending.size === 0) this.#pending.delete(unit);
    return oldest;
  }
}
