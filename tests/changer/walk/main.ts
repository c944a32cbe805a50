/**
 * The walk in its long form: `deno task walk:changer [--walks N] [--steps N] [--seed N]`. Ends with status 1 and the
 * seed of the walk when a property does not hold.
 */

import { parseArgs } from "node:util";
import { walkSeeds } from "../../walk_report.ts";
import { walkLibrary } from "./library_walk.ts";

const REPORT_EVERY = 100;

const { values } = parseArgs({
  options: {
    walks: { type: "string", default: "1000" },
    steps: { type: "string", default: "60" },
    seed: { type: "string", default: `${crypto.getRandomValues(new Uint32Array(1))[0] >>> 1}` },
  },
});
await walkSeeds([async (seed) => {
  return { walks: 1, ...await walkLibrary(seed, Number(values.steps)) };
}], { count: Number(values.walks), seed: Number(values.seed), reportEvery: REPORT_EVERY });
