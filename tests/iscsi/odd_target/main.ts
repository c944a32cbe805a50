/**
 * The walks with odd targets in their long form: `deno task walk:target [--walks N] [--steps N] [--seed N]`. Ends with
 * status 1 and the seed of the walk when something is not so.
 */

import { parseArgs } from "node:util";
import { logInToLawlessTarget, walkWithLawlessTarget, walkWithOddTarget } from "./odd_walk.ts";

const REPORT_EVERY = 1000;
const MAX_FAILURES = 5;

const { values } = parseArgs({
  options: {
    walks: { type: "string", default: "1000" },
    steps: { type: "string", default: "200" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
const [walks, steps, seed] = [values.walks, values.steps, values.seed].map(Number);
const totals: Record<string, number> = {};
let failures = 0;

function count(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + value;
}

async function attempt(walk: () => Promise<void>): Promise<void> {
  try {
    await walk();
  } catch (error) {
    failures++;
    console.error((error as Error).message);
  }
}

console.log(`SEED=${seed}`);
for (let walk = 0; walk < walks && failures < MAX_FAILURES; walk++) {
  await attempt(async () => {
    const { errors, ...counts } = await walkWithOddTarget(seed + walk, steps);
    count({ walks: 1, ...counts, ...errors });
  });
  await attempt(async () => {
    const { errors, mistake, ...counts } = await walkWithLawlessTarget(seed + walk, steps);
    count({ lawless: 1, [mistake]: 1, ...counts, ...errors });
  });
  await attempt(async () => count({ logins: 1, [await logInToLawlessTarget(seed + walk)]: 1 }));
  if ((walk + 1) % REPORT_EVERY === 0) console.log(JSON.stringify(totals));
}
console.log(JSON.stringify(totals), `${failures} failures`);
Deno.exit(failures > 0 ? 1 : 0);
