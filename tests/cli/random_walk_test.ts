/** Random command lines, held against a model: two walks are the same each time, and two are new, unless SEED says which. */

import assert from "node:assert/strict";
import { seed } from "../scsi/random.ts";
import { walkChanger } from "./walk/changer_walk.ts";
import { walkCommands } from "./walk/command_walk.ts";

const FIXED = [1, 2];
const STEPS = 25;

/** The walks that are the same each time have enough of failures by themselves. */
async function walkSome(walk: (seed: number, steps: number) => Promise<number>): Promise<void> {
  const first = seed();
  let failures = 0;
  for (const each of FIXED) failures += await walk(each, STEPS);
  assert.ok(failures > 2 * FIXED.length, `${failures} failures`);
  for (const each of [first, first + 1]) await walk(each, STEPS);
}

Deno.test("whatever goes wrong with a command, what it does and says is what a model does", () =>
  walkSome(walkCommands));

Deno.test("whatever goes wrong with a library, its cartridges are where a model has them, with what is on them", () =>
  walkSome(walkChanger));
