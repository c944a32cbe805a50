/** Random use of a drive on real targets, held against a model after each step, on whole connections and on such that break. */

import { seed } from "../scsi/random.ts";
import { startIstgt } from "./harness/istgt.ts";
import { type TargetHabits, TargetWalk, type WalkOptions } from "./harness/target_walk.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { startTgt } from "./harness/tgt.ts";

const STEPS = 60;
/** Walks of each kind; more of them, to hunt for what no test has thought of. */
const WALKS = Number(Deno.env.get("WALKS") ?? 3);

const TARGETS: Readonly<Record<TargetHabits, () => Promise<Target>>> = {
  tgt: () => startTgt(),
  istgt: () => startIstgt(),
};

async function walk(target: Target, options: WalkOptions): Promise<void> {
  const one = new TargetWalk(target, options);
  try {
    await one.walk(STEPS);
  } catch (error) {
    throw new Error(`${one.name}: ${one.trace.slice(-16).join(" ")}`, { cause: error });
  } finally {
    await one.end();
  }
}

for (const habits of ["tgt", "istgt"] as const) {
  for (const isCut of [false, true]) {
    const where = isCut ? "where connections break at random" : "on connections that hold";
    Deno.test(`${habits}: random use does what a model does, ${where}`, () =>
      withTarget(TARGETS[habits](), async (target) => {
        const first = seed();
        for (let run = 0; run < WALKS; run++) {
          const readAhead = [0, 4, 16][run % 3];
          await walk(target, { habits, isCut, seed: first + run, readAhead });
        }
      }));
  }
}
