/**
 * Tasks of a session, by Initiator Task Tag.
 *
 * @module
 */

import type { TargetTask } from "./target_task.ts";

/** Tasks in the order in which they came; no two have one tag. A list, not a `Map`, as the initiator's `TaskTable`, which says why. */
export class TaskList {
  readonly #tasks: TargetTask[] = [];

  get size(): number {
    return this.#tasks.length;
  }

  get(itt: number): TargetTask | undefined {
    return this.#tasks.find((task) => task.command.itt === itt);
  }

  add(task: TargetTask): void {
    this.#tasks.push(task);
  }

  /** Takes a task out, if it is there. */
  delete(task: TargetTask): void {
    const at = this.#tasks.indexOf(task);
    if (at >= 0) this.#tasks.splice(at, 1);
  }

  /** All, in their order. Whoever changes the list meanwhile goes over a copy. */
  values(): readonly TargetTask[] {
    return this.#tasks;
  }

  clear(): void {
    this.#tasks.length = 0;
  }
}
