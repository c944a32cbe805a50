/**
 * One operation at a time, in the order of the calls.
 *
 * @module
 */

import { abortable } from "./abort.ts";

/** Runs operations one after another; the failure of one does not touch the next. */
export class OperationQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `operation` when all before it have settled, and settles as it does. A signal that aborts before its turn keeps it from being run. */
  run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.#last;
    const result = abortable(turn, signal).then(operation);
    const settled = result.then(nothing, nothing);
    this.#last = signal === undefined ? settled : turn.then(() => settled);
    return result;
  }
}

function nothing(): void {}
