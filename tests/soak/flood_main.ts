/** A flood for as long as it takes: `deno task soak:flood [--strangers N] [--seed N]`. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { countOption, seedOption, taskOptions } from "../../tools/task_options.ts";
import { soakFlood } from "./flood.ts";
import { randomNumbers } from "./random_numbers.ts";

/** The tape itself, in memory, and what the garbage of connections comes to before it is collected, however many come. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

const wishes = taskOptions(
  "soak:flood",
  object({
    strangers: countOption("--strangers", { min: 1, byDefault: 5000, about: message`How many.` }),
    seed: seedOption,
  }),
);
const { seed } = wishes;
console.log(`flood with seed ${seed}`);
const report = await soakFlood(wishes.strangers, randomNumbers(seed));
const { strangers, closed, records, growthBytes } = report;
console.log(
  `${strangers} strangers, ${closed} of them sent away; ${records} records written and read ` +
    `meanwhile; ${Math.round(growthBytes / 2 ** 20)} MiB more at most`,
);
if (growthBytes > MAX_GROWTH_BYTES) {
  console.log("FAILED: too much memory");
  Deno.exitCode = 1;
}
