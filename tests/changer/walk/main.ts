/**
 * The walk in its long form: `deno task walk:changer [--walks N] [--steps N] [--seed N]`. Ends with status 1 and the
 * seed of the walk when a property does not hold.
 */

import { parseArgs } from "node:util";
import { walkLibrary } from "./library_walk.ts";

const REPORT_EVERY = 100;
const MAX_FAILURES = 5;

const { values } = parseArgs({
  options: {
    walks: { type: "string", default: "1000" },
    steps: { type: "string", default: "60" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
const seed = Number(values.seed);
const totals: Record<string, number> = {};
let failures = 0;
console.log(`SEED=${seed}`);
for (let walk = 0; walk < Number(values.walks) && failures < MAX_FAILURES; walk++) {
  try {
    const counts = await walkLibrary(seed + walk, Number(values.steps));
    for (const [name, count] of Object.entries({ walks: 1, ...counts })) {
      totals[name] = (totals[name] ?? 0) + count;
    }
  } catch (error) {
    failures++;
    console.error((error as Error).message);
  }
  if ((walk + 1) % REPORT_EVERY === 0) console.log(JSON.stringify(totals));
}
console.log(JSON.stringify(totals), `${failures} failures`);
Deno.exit(failures > 0 ? 1 : 0);
