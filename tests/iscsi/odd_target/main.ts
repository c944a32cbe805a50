/**
 * The walks with odd targets in their long form: `deno task walk:target [--walks N] [--steps N] [--seed N]`. Ends with
 * status 1 and the seed of the walk when something is not so.
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, seedOption, taskOptions } from "../../../tools/task_options.ts";
import { type CountedWalk, walkSeeds } from "../../walk_report.ts";
import { logInToLawlessTarget, walkWithLawlessTarget, walkWithOddTarget } from "./odd_walk.ts";

const REPORT_EVERY = 1000;

const { walks, steps, seed } = taskOptions(
  "walk:target",
  object({
    walks: countOption("--walks", { min: 1, byDefault: 1000, about: message`How many.` }),
    steps: countOption("--steps", { min: 1, byDefault: 200, about: message`In each walk.` }),
    seed: seedOption,
  }),
);
const WALKS: readonly CountedWalk[] = [
  async (seed) => {
    const { errors, ...counts } = await walkWithOddTarget(seed, steps);
    return { walks: 1, ...counts, ...errors };
  },
  async (seed) => {
    const { errors, mistake, ...counts } = await walkWithLawlessTarget(seed, steps);
    return { lawless: 1, [mistake]: 1, ...counts, ...errors };
  },
  async (seed) => ({ logins: 1, [await logInToLawlessTarget(seed)]: 1 }),
];
await walkSeeds(WALKS, { count: walks, seed, reportEvery: REPORT_EVERY });
