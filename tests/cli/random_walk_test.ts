/** Random command lines, held against a model; SEED repeats a walk, and WALKS makes more of them. */

import assert from "node:assert/strict";
import { seed } from "../scsi/random.ts";
import { walkChanger } from "./walk/changer_walk.ts";
import { walkCommands } from "./walk/command_walk.ts";

const WALKS = Number(Deno.env.get("WALKS") ?? 4);
const STEPS = 25;

Deno.test("whatever goes wrong with a command, what it does and says is what a model does", async () => {
  const first = seed();
  let failures = 0;
  for (let walk = 0; walk < WALKS; walk++) failures += await walkCommands(first + walk, STEPS);
  assert.ok(failures > WALKS, `${failures} failures`);
});

Deno.test("whatever goes wrong with a library, its cartridges are where a model has them, with what is on them", async () => {
  const first = seed();
  let failures = 0;
  for (let walk = 0; walk < WALKS; walk++) failures += await walkChanger(first + walk, STEPS);
  assert.ok(failures > WALKS, `${failures} failures`);
});
