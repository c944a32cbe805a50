/**
 * How long a drive takes: the time that tape needs to wind, scaled as one likes.
 *
 * @module
 */

/** How a model of drive moves its tape. */
export interface MotionFacts {
  /** From one end of the tape to the other, in milliseconds. */
  readonly windMs: number;
  /** Times that the data goes from end to end: the wraps of a serpentine. */
  readonly wraps: number;
  /** To stop, turn, and find the place, in milliseconds. */
  readonly settleMs: number;
  /** To thread a cartridge and be ready, in milliseconds. */
  readonly loadMs: number;
  /** To unthread it, beside winding back, in milliseconds. */
  readonly unloadMs: number;
  /** Bytes in a millisecond, writing and reading. */
  readonly bytesPerMs: number;
}

/** Time for a drive that is to take time. */
export interface DriveTiming {
  /** How much longer than the model of drive takes: 1 is as long, 0.01 a hundredth. @default 1 */
  readonly scale?: number;
  /**
   * Waits so many milliseconds of the drive's clock: `wait` of a {@link VirtualClock}, or a timer. The clock must have
   * gone on by then.
   */
  readonly wait: (milliseconds: number) => Promise<void>;
}

/** A place of the tape: its distance from the beginning of the data, as a share of the capacity. */
type Share = number;

/** Milliseconds from one place to another. */
export function locateMs(motion: MotionFacts, from: Share, to: Share): number {
  if (from === to) return 0;
  return motion.settleMs + Math.abs(along(motion, from) - along(motion, to)) * motion.windMs;
}

/** Milliseconds to the beginning of the tape. */
export function rewindMs(motion: MotionFacts, from: Share): number {
  return from === 0 ? 0 : motion.settleMs + along(motion, from) * motion.windMs;
}

/** How far along the tape a place lies, 0 to 1: every second wrap goes back. */
export function along({ wraps }: MotionFacts, share: Share): number {
  const wrap = Math.floor(share * wraps);
  const part = share * wraps - wrap;
  return wrap % 2 === 0 ? part : 1 - part;
}
