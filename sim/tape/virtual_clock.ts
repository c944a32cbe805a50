/**
 * Time that passes only when it is told to.
 *
 * @module
 */

/** A clock for tests: it stands still until {@linkcode VirtualClock.advance} or a wait moves it. */
export class VirtualClock {
  #now = 0;

  /** Milliseconds that have passed. Bound: it may be handed on by itself. */
  readonly now = (): number => this.#now;

  /** Lets so many milliseconds pass at once. Bound: it may be handed on by itself. */
  readonly wait = (milliseconds: number): Promise<void> => {
    this.advance(milliseconds);
    return Promise.resolve();
  };

  /** Lets so many milliseconds pass. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
