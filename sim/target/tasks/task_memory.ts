/**
 * The memory that the Data-Out of a session's commands takes: a command asks for its data once it has its share.
 *
 * @module
 */

import { DataOutMemory } from "./data_out_memory.ts";
import type { TargetTask } from "./target_task.ts";

/** The shares of one session's commands. */
export class TaskMemory {
  readonly #memory: DataOutMemory;
  readonly #granted: (task: TargetTask) => void;

  /** `granted`: a command has its share, at once or later. */
  constructor(bytes: number, granted: (task: TargetTask) => void) {
    this.#memory = new DataOutMemory(bytes);
    this.#granted = granted;
  }

  /** Asks for the share of a command that has yet to ask for data; unless it has done so before. */
  claim(task: TargetTask): void {
    const { collection } = task;
    if (collection === undefined || task.claim !== undefined) return;
    if (collection.totalBytes === collection.unsolicitedBytes) return;
    task.waitsForMemory = true;
    task.claim = {
      bytes: collection.totalBytes,
      granted: () => {
        task.waitsForMemory = false;
        collection.grant();
        this.#granted(task);
      },
    };
    this.#memory.claim(task.claim);
  }

  /** The command needs its share no longer, or does not wait for one any more. */
  release(task: TargetTask): void {
    const { claim } = task;
    if (claim === undefined) return;
    task.claim = undefined;
    if (!this.#memory.cancel(claim)) this.#memory.release(claim);
  }
}
