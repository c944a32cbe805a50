/** The walk in its long form: `deno task walk:cli [--operations N] [--seed N]`. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, seedOption, taskOptions } from "../../../tools/task_options.ts";
import { walkChanger } from "./changer_walk.ts";
import { walkCommands } from "./command_walk.ts";

const COMMANDS_A_WALK = 40;
/** A library takes part in every tenth walk. */
const CHANGER_EVERY = 10;
/** Walks. */
const REPORT_EVERY = 100;

const { operations, seed } = taskOptions(
  "walk:cli",
  object({
    operations: countOption("--operations", {
      min: 1,
      byDefault: 10_000,
      about: message`How many command lines.`,
    }),
    seed: seedOption,
  }),
);
console.log(`SEED=${seed}`);
let failures = 0;
for (let done = 0, walk = seed; done < operations; done += COMMANDS_A_WALK, walk++) {
  const goes = walk % CHANGER_EVERY === 0 ? walkChanger : walkCommands;
  failures += await goes(walk, COMMANDS_A_WALK);
  if ((walk - seed) % REPORT_EVERY === 0) console.log(`${done} steps, seed ${walk}`);
}
console.log(
  `All ${operations} commands did what the model does; ${failures} failed and told the truth`,
);
