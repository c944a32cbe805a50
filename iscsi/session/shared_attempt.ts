/**
 * Something that several callers wait for, each with a signal of its own.
 *
 * @module
 */

import { abortable } from "./abortable.ts";

/** Goes on for as long as anyone waits. */
export class SharedAttempt {
  readonly #calledOff: AbortController = new AbortController();
  readonly #outcome: Promise<void>;
  #waiting = 0;

  constructor(start: (signal: AbortSignal) => Promise<void>) {
    this.#outcome = start(this.#calledOff.signal);
  }

  /** Whether nobody waits any more: it is about to end. */
  get isCalledOff(): boolean {
    return this.#calledOff.signal.aborted;
  }

  /** Settles when it is over, however it ended: whether it succeeded. */
  ended(): Promise<boolean> {
    return this.#outcome.then(() => true, () => false);
  }

  /**
   * Waits for its outcome. A caller that gives up while others wait is let go with its signal's reason; the last one calls
   * it off, and waits for its end.
   */
  wait(signal?: AbortSignal): Promise<void> {
    return abortable(signal, ({ completed, failed }) => {
      this.#waiting++;
      this.#outcome.then(completed, failed);
      return (reason) => {
        if (--this.#waiting > 0) failed(reason);
        else this.#calledOff.abort(reason);
      };
    });
  }
}
