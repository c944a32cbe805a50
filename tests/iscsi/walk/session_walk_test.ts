import assert from "node:assert/strict";
import { seed } from "../../scsi/random.ts";
import { walkSession } from "./session_walk.ts";

const WALKS = 12;
const STEPS = 80;

for (const level of [0, 1, 2] as const) {
  Deno.test(`Whatever happens to a session at error recovery level ${level}, what it says is so, and it keeps to the protocol`, async () => {
    const first = seed();
    let successes = 0;
    for (let walk = 0; walk < WALKS; walk++) {
      successes += (await walkSession(first + walk, STEPS, level)).successes;
    }
    assert.ok(successes > 0);
  });
}
