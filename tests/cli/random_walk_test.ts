/** Random command lines, held against a model: the same ones each time, unless SEED and WALKS ask for others. */

import assert from "node:assert/strict";
import { walkChanger } from "./walk/changer_walk.ts";
import { walkCommands } from "./walk/command_walk.ts";

const WALKS = Number(Deno.env.get("WALKS") ?? 4);
const SEED = Number(Deno.env.get("SEED") ?? 1);
const STEPS = 25;

Deno.test("whatever goes wrong with a command, what it does and says is what a model does", async () => {
  let failures = 0;
  for (let walk = 0; walk < WALKS; walk++) failures += await walkCommands(SEED + walk, STEPS);
  assert.ok(failures > WALKS, `${failures} failures`);
});

Deno.test("whatever goes wrong with a library, its cartridges are where a model has them, with what is on them", async () => {
  let failures = 0;
  for (let walk = 0; walk < WALKS; walk++) failures += await walkChanger(SEED + walk, STEPS);
  assert.ok(failures > WALKS, `${failures} failures`);
});
