/**
 * The walks with odd targets in their long form: `deno task walk:target [--walks N] [--steps N] [--seed N]`. Ends with
 * status 1 and the seed of the walk when something is not so.
 */

import { parseArgs } from "node:util";
import { type CountedWalk, walkSeeds } from "../../walk_report.ts";
import { logInToLawlessTarget, walkWithLawlessTarget, walkWithOddTarget } from "./odd_walk.ts";

const REPORT_EVERY = 1000;

const { values } = parseArgs({
  options: {
    walks: { type: "string", default: "1000" },
    steps: { type: "string", default: "200" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
const steps = Number(values.steps);
const WALKS: readonly CountedWalk[] = [
  async (seed) => {
    const { errors, ...counts } = await walkWithOddTarget(seed, steps);
    return { walks: 1, ...counts, ...errors };
  },
  async (seed) => {
    const { errors, mistake, ...counts } = await walkWithLawlessTarget(seed, steps);
    return { lawless: 1, [mistake]: 1, ...counts, ...errors };
  },
  async (seed) => ({ logins: 1, [await logInToLawlessTarget(seed)]: 1 }),
];
await walkSeeds(WALKS, {
  count: Number(values.walks),
  seed: Number(values.seed),
  reportEvery: REPORT_EVERY,
});
