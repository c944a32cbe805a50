/**
 * The walk in its long form: `deno task walk:session [--walks N] [--steps N] [--seed N] [--level N]`. Ends with status 1 and the
 * seed of the walk when a property does not hold.
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, numberOption, seedOption, taskOptions } from "../../../tools/task_options.ts";
import { walkSeeds } from "../../walk_report.ts";
import { walkSession } from "./session_walk.ts";
import type { ErrorRecoveryLevel } from "./walk_settings.ts";

const REPORT_EVERY = 1000;

const { walks, steps, level, seed } = taskOptions(
  "walk:session",
  object({
    walks: countOption("--walks", { min: 1, byDefault: 1000, about: message`How many.` }),
    steps: countOption("--steps", { min: 1, byDefault: 100, about: message`In each walk.` }),
    level: numberOption("--level", {
      max: 2,
      about: message`Error recovery level. Default: any of them.`,
    }),
    seed: seedOption,
  }),
);
await walkSeeds([async (seed) => {
  const { errors, ...counts } = await walkSession(seed, steps, level as ErrorRecoveryLevel);
  return { walks: 1, ...counts, ...errors };
}], { count: walks, seed, reportEvery: REPORT_EVERY });
