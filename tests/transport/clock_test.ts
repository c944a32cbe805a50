import assert from "node:assert/strict";
import { VirtualClock } from "../../transport/mod.ts";

Deno.test("VirtualClock makes calls in the order of their times, each at its own", () => {
  const clock = new VirtualClock();
  const calls: string[] = [];
  const note = (name: string) => () => calls.push(`${name} at ${clock.now()}`);
  clock.schedule(note("late"), 30);
  clock.schedule(note("early"), 10);
  clock.schedule(note("also early"), 10);
  clock.advance(20);
  assert.deepEqual(calls, ["early at 10", "also early at 10"]);
  assert.equal(clock.now(), 20);
  clock.advance(10);
  assert.deepEqual(calls.slice(2), ["late at 30"]);
});

Deno.test("VirtualClock makes calls that were scheduled by others within the same advance", () => {
  const clock = new VirtualClock();
  const times: number[] = [];
  const again = (): void => {
    times.push(clock.now());
    if (times.length < 3) clock.schedule(again, 10);
  };
  clock.schedule(again, 10);
  clock.advance(100);
  assert.deepEqual(times, [10, 20, 30]);
});

Deno.test("VirtualClock does not make a call that was cancelled", () => {
  const clock = new VirtualClock();
  const cancel = clock.schedule(() => assert.fail("was called"), 10);
  assert.equal(clock.pending, 1);
  cancel();
  assert.equal(clock.pending, 0);
  clock.advance(10);
});
