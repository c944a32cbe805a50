import assert from "node:assert/strict";
import { loopback } from "../../../transport/loopback.ts";
import { SkippingClock } from "../../chaos/skipping_clock.ts";
import { FrailWire } from "./frail_wire.ts";

Deno.test("Nothing is awaited of a target that has not heard anything yet, though the wire is quick again", async () => {
  const clock = new SkippingClock();
  const [near, far] = loopback();
  const wire = new FrailWire(near, clock);
  wire.writeDelayMs = 20;
  const writing = wire.write([new Uint8Array(48)]);
  wire.heal();
  assert.equal(wire.isAwaitingTarget, false);
  clock.skip();
  await writing;
  assert.equal(wire.isAwaitingTarget, true);
  const reading = wire.read(new Uint8Array(48));
  await far.write([new Uint8Array(48)]);
  await reading;
  assert.equal(wire.isAwaitingTarget, false);
  wire.close();
  far.close();
});
