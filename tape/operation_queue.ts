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
  /** An operation is being begun, so that what it calls is not yet behind it. */
  #isBeginning = false;

  /**
   * Runs `operation` when all before it have settled, at once when they have, and settles as it does. A signal that aborts before its turn keeps it from being
   * run.
   */
  run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#isBeginning) return Promise.resolve().then(() => this.run(operation, signal));
    const turn = this.#last;
    const isTurn = this.#open++ === 0 && !signal?.aborted;
    const result = isTurn ? this.#begin(operation) : abortable(turn, signal).then(operation);
    const settled = result.then(this.#settled, this.#settled);
    this.#last = signal === undefined || isTurn ? settled : turn.then(() => settled);
    return result;
  }

  readonly #settled = (): void => {
    this.#open--;
  };

  /** A failure to begin is a failure of the operation. */
  #begin<T>(operation: () => Promise<T>): Promise<T> {
    this.#isBeginning = true;
    try {
      return operation();
    } catch (error) {
      return Promise.reject(error);
    } finally {
      this.#isBeginning = false;
    }
  }
}
