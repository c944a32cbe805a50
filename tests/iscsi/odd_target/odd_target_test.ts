/** The same walks each time, unless SEED and WALKS ask for others. */

import assert from "node:assert/strict";
import { logInToLawlessTarget, walkWithLawlessTarget, walkWithOddTarget } from "./odd_walk.ts";

const WALKS = Number(Deno.env.get("WALKS") ?? 50);
const SEED = Number(Deno.env.get("SEED") ?? 1);
const STEPS = 120;
const LOGINS_PER_WALK = 4;

Deno.test("Whatever RFC 7143 leaves to a target, commands come out as the device has it", async () => {
  let successes = 0;
  for (let walk = 0; walk < WALKS; walk++) {
    successes += (await walkWithOddTarget(SEED + walk, STEPS)).successes;
  }
  assert.ok(successes > WALKS, `${successes} successes`);
});

Deno.test("Whatever rule a target breaks, nothing wrong passes for right, and everything settles", async () => {
  const mistakes = new Set<string>();
  for (let walk = 0; walk < WALKS; walk++) {
    mistakes.add((await walkWithLawlessTarget(SEED + walk, STEPS)).mistake);
  }
  assert.ok(mistakes.size > Math.min(WALKS / 4, 10), [...mistakes].join());
});

Deno.test("Whatever rule a target breaks in a login, it is no login", async () => {
  const mistakes = new Set<string>();
  for (let login = 0; login < WALKS * LOGINS_PER_WALK; login++) {
    mistakes.add(await logInToLawlessTarget(SEED + login));
  }
  assert.ok(mistakes.size > Math.min(WALKS, 20), [...mistakes].join());
});
