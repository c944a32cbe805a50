import { type Clock, systemClock } from "../../iscsi/connection/clock.ts";

/** The real clock; it knows how many of its timers are running. */
export class CountingClock implements Clock {
  /** Timers that are running. */
  running = 0;

  now(): number {
    return systemClock.now();
  }

  schedule(callback: () => void, delayMs: number): () => void {
    let isOver = false;
    const end = () => {
      if (!isOver) this.running--;
      isOver = true;
    };
    this.running++;
    const cancel = systemClock.schedule(() => {
      end();
      callback();
    }, delayMs);
    return () => {
      end();
      cancel();
    };
  }
}
