/**
 * When a session must look at the clock next.
 *
 * @module
 */

/**
 * A time that is never later than the earliest of many deadlines. It may be earlier, since deadlines that are no longer
 * needed are not taken out: keeping it costs one comparison a deadline, and at that time all are looked through.
 */
export class DeadlineBound {
  #at = Infinity;

  /** Milliseconds by the session's clock; infinity when there is nothing to wait for. */
  get at(): number {
    return this.#at;
  }

  /** There is one more deadline. */
  include(deadline: number): void {
    if (deadline < this.#at) this.#at = deadline;
  }

  /** All deadlines have been looked through: `earliest` is the first of them. */
  restart(earliest: number): void {
    this.#at = earliest;
  }
}
