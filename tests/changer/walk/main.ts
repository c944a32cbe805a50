/**
 * The walk in its long form: `deno task walk:changer [--walks N] [--steps N] [--seed N]`. Ends with status 1 and the
 * seed of the walk when a property does not hold.
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, seedOption, taskOptions } from "../../../tools/task_options.ts";
import { walkSeeds } from "../../walk_report.ts";
import { walkLibrary } from "./library_walk.ts";

const REPORT_EVERY = 100;

const { walks, steps, seed } = taskOptions(
  "walk:changer",
  object({
    walks: countOption("--walks", { min: 1, byDefault: 1000, about: message`How many.` }),
    steps: countOption("--steps", { min: 1, byDefault: 60, about: message`In each walk.` }),
    seed: seedOption,
  }),
);
await walkSeeds([async (seed) => {
  return { walks: 1, ...await walkLibrary(seed, steps) };
}], { count: walks, seed, reportEvery: REPORT_EVERY });
