/**
 * The property test in its long form: `deno task property --operations 1000000 [--seed N]`. Prints where it is every hundred thousand operations; ends with status 1
 * and the seed of the walk when a property does not hold.
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, seedOption, taskOptions } from "../../tools/task_options.ts";
import { type FaultyWalkOptions, walkWithFaults } from "./faulty_walk.ts";
import { walkFeatures } from "./feature_walk.ts";

const OPERATIONS_A_WALK = 80;
const REPORT_EVERY = 100_000;

const SETTINGS: readonly FaultyWalkOptions[] = [0, 4, 16].flatMap((writeBehind) =>
  [0, 8].flatMap((readAhead) =>
    [3, 10].map((faultEvery) => ({ writeBehind, readAhead, faultEvery }))
  )
);

async function soak(operations: number, seed: number): Promise<void> {
  let done = 0;
  let failures = 0;
  for (let walk = 0; done < operations; walk++) {
    const options = SETTINGS[(walk >> 1) % SETTINGS.length];
    // One walk in two keeps to records and filemarks.
    const one = walk % 2 === 0
      ? await walkWithFaults(seed + walk, OPERATIONS_A_WALK, options)
      : await walkFeatures(seed + walk, OPERATIONS_A_WALK);
    failures += one.failures;
    const before = Math.floor(done / REPORT_EVERY);
    done += OPERATIONS_A_WALK;
    if (Math.floor(done / REPORT_EVERY) > before) {
      console.log(`${done} operations, ${failures} failed and told the truth`);
    }
  }
  console.log(
    `All ${done} operations did what the model does; ${failures} failed and told the truth`,
  );
}

const { operations, seed } = taskOptions(
  "property",
  object({
    operations: countOption("--operations", {
      min: 1,
      byDefault: 100_000,
      about: message`How many.`,
    }),
    seed: seedOption,
  }),
);
console.log(`SEED=${seed}`);
await soak(operations, seed);
