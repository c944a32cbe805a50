import type { TransportError } from "./errors.ts";

/** The promise of the one write that may be under way on a socket that tells of its end by a call. */
export class PendingWrite {
  #resolve: (() => void) | undefined;
  #reject: ((reason: TransportError) => void) | undefined;

  /** Whether a write waits for its end. */
  get isThere(): boolean {
    return this.#resolve !== undefined;
  }

  /** Begins to wait. */
  wait(): Promise<void> {
    return new Promise(this.#park);
  }

  /** Settles the write, if there is one: a runtime may report a failure by callback, by event, or both. */
  settle(failure?: TransportError): void {
    const resolve = this.#resolve;
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    if (failure === undefined) resolve?.();
    else reject?.(failure);
  }

  readonly #park = (
    resolve: (value: void) => void,
    reject: (reason: unknown) => void,
  ): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };
}
