/**
 * The clock that sessions run on unless they are handed another.
 *
 * @module
 */

import type { Clock } from "../../transport/clock.ts";

export type { Clock };

/** The longest delay that timers of the runtimes take, in milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The runtime's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (callback, delayMs) => {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
