import { setImmediate } from "node:timers";
import { SkippingClock } from "../../chaos/skipping_clock.ts";
import type { OddTarget } from "./odd_target.ts";

const IDLE_TURNS = 2;
const MOST_TURNS = 300_000;
/** A target that goes on for longer does so for ever, and falls silent. */
const PATIENT_TURNS = 50_000;
/** A target that has something to say does so before this much time has passed. */
const LONGEST_MS = 700_000;

/** Virtual time, which passes when the target has nothing more to say. */
export class OddTime {
  readonly clock = new SkippingClock();
  readonly #target: OddTarget;
  #lingering = 0;

  constructor(target: OddTarget) {
    this.#target = target;
  }

  /** Lets a turn pass for somebody who goes on then: time stands still until he has. */
  async linger(): Promise<void> {
    this.#lingering++;
    await this.turn();
    this.#lingering--;
  }

  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Lets everything happen for which the target need not do anything. */
  async quiet(): Promise<void> {
    let seen = -1;
    for (let idle = 0, turns = 0; idle < IDLE_TURNS; turns++) {
      await this.turn();
      const { activity } = this.#target;
      idle = activity === seen ? idle + 1 : 0;
      seen = activity;
      if (turns > MOST_TURNS) throw new Error("it never comes to rest");
    }
  }

  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    while (this.clock.next <= until) {
      while (this.#lingering > 0) await this.turn();
      this.clock.skip();
      await this.quiet();
    }
    this.clock.passUntil(until);
  }

  /** The target acts, and then time passes, until a promise has settled. */
  async settle<T>(promise: Promise<T>, what: string): Promise<T> {
    let isSettled = false;
    const done = () => isSettled = true;
    promise.then(done, done);
    const end = this.clock.now() + LONGEST_MS;
    for (let turns = 0;; turns++) {
      await this.turn();
      if (isSettled) return await promise;
      if (turns > MOST_TURNS) throw new Error(`${what} takes too many turns`);
      if (turns === PATIENT_TURNS) this.#target.silence();
      if (this.#target.step()) continue;
      this.#target.flush();
      await this.quiet();
      if (isSettled) return await promise;
      if (this.#target.step() || this.#lingering > 0) continue;
      if (this.clock.next > end) throw new Error(`${what} does not settle`);
      this.clock.skip();
    }
  }
}
