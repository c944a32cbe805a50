import type { Clock } from "@uiscsi/tape";
import type { PcmFormat } from "../flac/pcm.ts";
import type { Pacemaker, PacemakerDuties, RunningPacemaker } from "./paced_sink.ts";

const PERIOD_MS = 50;

/** Keeps a device's time, and makes no sound: for computers that have none, and for tests. */
export class SilentPacemaker implements Pacemaker {
  readonly name = "silent";
  readonly #clock: Clock;
  readonly #listen: (samples: Int16Array) => void;

  /** @param listen Is given every sample that a device would have been. */
  constructor(clock: Clock, listen: (samples: Int16Array) => void = () => {}) {
    this.#clock = clock;
    this.#listen = listen;
  }

  start(format: PcmFormat, { pull }: PacemakerDuties): Promise<RunningPacemaker> {
    const clock = this.#clock;
    const beginMs = clock.now();
    let taken = 0;
    const tick = () => {
      const due = Math.floor((clock.now() - beginMs) * format.sampleRate / 1000);
      // A computer that slept does not owe what it slept through.
      const frames = Math.min(due - taken, format.sampleRate);
      const samples = new Int16Array(frames * format.channels);
      taken = due;
      pull(samples);
      this.#listen(samples);
      cancel = clock.schedule(tick, PERIOD_MS);
    };
    let cancel = clock.schedule(tick, PERIOD_MS);
    return Promise.resolve({
      finish: () => Promise.resolve(),
      stop: () => Promise.resolve(cancel()),
    });
  }
}
