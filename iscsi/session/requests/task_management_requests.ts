/**
 * Task management functions as requests that wait for their answer (RFC 7143 §11.5).
 *
 * @module
 */

import type { ScsiTask } from "./scsi_task.ts";

/** An ABORT TASK that is on its way. */
export interface Abort {
  readonly kind: "abort";
  readonly itt: number;
  /** The connection that it was sent on. */
  readonly cid: number;
  readonly task: ScsiTask;
  /** When to give up on the answer and drop the connection. */
  deadline: number;
}

/** A TASK REASSIGN that is on its way: the connection that it was sent on takes over the task. */
export interface Reassignment {
  readonly kind: "reassign";
  readonly itt: number;
  readonly cid: number;
  readonly task: ScsiTask;
  /** When to give up on the answer. */
  deadline: number;
  /** When the tasks of the lost connection are no longer kept. */
  readonly until: number;
}

/** Who waits for a function. Exactly one of the two is called, once. */
export interface TaskSetOwner {
  completed(): void;
  failed(error: unknown): void;
}

/** A function that acts on all tasks of a logical unit or of the target, as it is asked for. */
export interface TaskSetFunction {
  /** One of `TaskManagementFunction`. */
  readonly function: number;
  readonly name: string;
  /** The logical unit; `undefined` for all of the target's. */
  readonly lun: bigint | undefined;
  /** Milliseconds to wait for the answer before the connection is dropped. */
  readonly timeoutMs: number;
}

/** Such a function on its way. */
export interface TaskSetRequest extends TaskSetFunction {
  readonly kind: "task-set";
  readonly itt: number;
  /** The connection that it was sent on. */
  readonly cid: number;
  /** When to give up on the answer and drop the connection. */
  deadline: number;
  /** What had been issued before, but not sent: the function ends that too. */
  readonly unsent: readonly ScsiTask[];
  readonly owner: TaskSetOwner;
}
