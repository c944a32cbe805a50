/** A flood for as long as it takes: `deno task soak:flood [--strangers N] [--seed N]`. */

import { parseArgs } from "node:util";
import { soakFlood } from "./flood.ts";
import { randomNumbers } from "./random_numbers.ts";

/** The tape itself, in memory, and what the garbage of connections comes to before it is collected, however many come. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

const { values } = parseArgs({
  options: { strangers: { type: "string", default: "5000" }, seed: { type: "string" } },
});
const seed = values.seed === undefined ? Date.now() >>> 0 : Number(values.seed) >>> 0;
console.log(`flood with seed ${seed}`);
const report = await soakFlood(Number(values.strangers), randomNumbers(seed));
const { strangers, closed, records, growthBytes } = report;
console.log(
  `${strangers} strangers, ${closed} of them sent away; ${records} records written and read ` +
    `meanwhile; ${Math.round(growthBytes / 2 ** 20)} MiB more at most`,
);
if (growthBytes > MAX_GROWTH_BYTES) {
  console.log("FAILED: too much memory");
  Deno.exitCode = 1;
}
