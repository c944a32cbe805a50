/**
 * The clock that sessions run on unless they are handed another.
 *
 * @module
 */

import { LONGEST_TIMER_MS } from "../../scsi/sleep.ts";
import type { Clock } from "../../transport/clock.ts";

export type { Clock };

/** The runtime's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule: (callback, delayMs) => {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
