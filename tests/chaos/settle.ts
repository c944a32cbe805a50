import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import type { SkippingClock } from "./skipping_clock.ts";

const HOUR_MS = 3_600_000;
/** The longest command that a drive is given takes under four hours; behind one fault nothing may wait much longer than that. */
export const MAX_HOURS = 12;
/** Turns of the event loop without anything passing after which only time can bring things on. */
const IDLE_TURNS = 4;
/** Turns that a real thing (WebAssembly being compiled) may take. */
const MAX_TURNS = 200_000;

/** A connection, as far as it tells whether anything happens on it. */
export interface WatchedWire {
  /** Changes whenever anything passes. */
  readonly activity: number;
  /** Whether something is under way that needs no time, but some turns of the event loop. */
  readonly isAwaitingTarget: boolean;
}

/**
 * Lets virtual time pass whenever nothing else can happen, until `work` has settled. `wires` may grow meanwhile.
 *
 * @throws {AssertionError} that names `what`, when it does not settle within `hours` of that time.
 */
export async function settle<T>(
  work: Promise<T>,
  clock: SkippingClock,
  wires: readonly WatchedWire[],
  what: string,
  hours = MAX_HOURS,
): Promise<T> {
  let isSettled = false;
  const done = () => isSettled = true;
  work.then(done, done);
  const endMs = clock.now() + hours * HOUR_MS;
  let seen = -1;
  for (let turns = 0, idle = 0; !isSettled; turns++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.ok(turns < MAX_TURNS, `nothing happens any more: ${what}`);
    const activity = wires.reduce((sum, wire) => sum + wire.activity, wires.length);
    idle = activity === seen ? idle + 1 : 0;
    seen = activity;
    const isBusy = wires.some((wire) => wire.isAwaitingTarget);
    if (isSettled || idle < IDLE_TURNS || isBusy) continue;
    if (clock.skip()) turns = idle = 0;
    assert.ok(clock.now() < endMs, `it never settles: ${what}`);
  }
  return await work;
}
