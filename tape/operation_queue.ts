/**
 * One operation at a time, in the order of the calls.
 *
 * @module
 */

import { abortable } from "./abort.ts";

/** Runs operations one after another; the failure of one does not touch the next. */
export class OperationQueue {
  #last: Promise<unknown> = Promise.resolve();
  /** Operations that have not settled. */
  #open = 0;

  /**
   * Runs `operation` when all before it have settled, at once when they have, and settles as it does. A signal that aborts before its turn keeps it from being
   * run.
   */
  run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#last;
    const isTurn = this.#open++ === 0 && !signal?.aborted;
    const result = isTurn ? begun(operation) : abortable(turn, signal).then(operation);
    const settled = result.then(this.#settled, this.#settled);
    this.#last = signal === undefined || isTurn ? settled : turn.then(() => settled);
    return result;
  }

  readonly #settled = (): void => {
    this.#open--;
  };
}

/** A failure to begin is a failure of the operation. */
function begun<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return operation();
  } catch (error) {
    return Promise.reject(error);
  }
}
