import { setImmediate } from "node:timers";
import { SkippingClock } from "../../chaos/skipping_clock.ts";
import type { FrailWire } from "./frail_wire.ts";

/** Turns of the event loop without anything passing after which only time can bring things on. */
const IDLE_TURNS = 4;
const MAX_TURNS = 200_000;
/** More timers than this in one moment keep a processor busy. */
const MAX_TIMERS_AT_ONCE = 2000;

/** Virtual time, which passes when nothing else can happen. */
export class WalkTime {
  readonly clock = new SkippingClock();
  /** All connections that there have been since the last session. */
  readonly wires: FrailWire[] = [];
  #timersAtOnce = 0;

  get now(): number {
    return this.clock.now();
  }

  async turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Lets everything happen that needs no time. */
  async quiet(): Promise<void> {
    let seen = -1;
    for (let idle = 0, turns = 0; idle < IDLE_TURNS; turns++) {
      await this.turn();
      const activity = this.wires.reduce((sum, wire) => sum + wire.activity, this.wires.length);
      const isBusy = this.wires.some((wire) => wire.isAwaitingTarget);
      idle = activity === seen && !isBusy ? idle + 1 : 0;
      seen = activity;
      if (turns > MAX_TURNS) throw new Error("it never comes to rest");
    }
  }

  /** Lets so many milliseconds pass. */
  async pass(ms: number): Promise<void> {
    const until = this.now + ms;
    let timers = 0;
    await this.quiet();
    for (; this.clock.next <= until; timers++) {
      this.#skip();
      await this.quiet();
    }
    if (timers > 200 + ms * 2) throw new Error(`${timers} timers in ${ms} ms`);
    this.clock.passUntil(until);
  }

  /** Lets time pass until a promise has settled, and no more than that. */
  async settle<T>(promise: Promise<T>, what: string, withinMs: number): Promise<T> {
    let isSettled = false;
    const done = () => isSettled = true;
    promise.then(done, done);
    const end = this.now + withinMs;
    for (;;) {
      await this.quiet();
      if (isSettled) return await promise;
      if (this.clock.next > end) throw new Error(`${what} does not settle within ${withinMs} ms`);
      this.#skip();
    }
  }

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => void this.clock.schedule(resolve, ms));

  #skip(): void {
    const before = this.now;
    this.clock.skip();
    this.#timersAtOnce = this.now === before ? this.#timersAtOnce + 1 : 0;
    if (this.#timersAtOnce > MAX_TIMERS_AT_ONCE) {
      throw new Error("timers run on while no time passes");
    }
  }
}
