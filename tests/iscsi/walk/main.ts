/**
 * The walk in its long form: `deno task walk:session [--walks N] [--steps N] [--seed N] [--level N]`. Ends with status 1 and the
 * seed of the walk when a property does not hold.
 */

import { parseArgs } from "node:util";
import { walkSeeds } from "../../walk_report.ts";
import { walkSession } from "./session_walk.ts";
import type { ErrorRecoveryLevel } from "./walk_settings.ts";

const REPORT_EVERY = 1000;

const { values } = parseArgs({
  options: {
    walks: { type: "string", default: "1000" },
    steps: { type: "string", default: "100" },
    level: { type: "string" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
const level = values.level === undefined ? undefined : Number(values.level) as ErrorRecoveryLevel;
await walkSeeds([async (seed) => {
  const { errors, ...counts } = await walkSession(seed, Number(values.steps), level);
  return { walks: 1, ...counts, ...errors };
}], { count: Number(values.walks), seed: Number(values.seed), reportEvery: REPORT_EVERY });
