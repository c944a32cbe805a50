/**
 * The walk in its long form: `deno task walk:session [--walks N] [--steps N] [--seed N] [--level N]`. Ends with status 1 and the
 * seed of the walk when a property does not hold.
 */

import { parseArgs } from "node:util";
import { walkSession } from "./session_walk.ts";
import type { ErrorRecoveryLevel } from "./walk_settings.ts";

const REPORT_EVERY = 1000;
const MAX_FAILURES = 5;

const { values } = parseArgs({
  options: {
    walks: { type: "string", default: "1000" },
    steps: { type: "string", default: "100" },
    level: { type: "string" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
const seed = Number(values.seed);
const level = values.level === undefined ? undefined : Number(values.level) as ErrorRecoveryLevel;
const totals: Record<string, number> = {};
let failures = 0;
console.log(`SEED=${seed}`);
for (let walk = 0; walk < Number(values.walks) && failures < MAX_FAILURES; walk++) {
  try {
    const { errors, ...counts } = await walkSession(seed + walk, Number(values.steps), level);
    for (const [name, count] of Object.entries({ walks: 1, ...counts, ...errors })) {
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
