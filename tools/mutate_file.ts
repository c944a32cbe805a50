/**
 * Mutation testing of whole files: changes one place at a time in a copy of the tree, and tells which changes no test notices.
 *
 *     deno task mutate:file FILE [--from N] [--every N] [--tests PATH]...
 *
 * A survivor is a rule that no test holds, code that nothing needs, or no change at all: that is for people to judge. The
 * tests are those in the mirror of the file's folder that import it, however indirectly, or those at the paths. Ends with
 * status 1 when a mutant survived. It is no part of the gate.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple } from "@optique/core/modifiers";
import { argument, option } from "@optique/core/primitives";
import { path } from "@optique/run/valueparser";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type Mutant, mutantsOf, mutated } from "./mutation/mutants.ts";
import { relatedTests, testsBeneath } from "./mutation/related_tests.ts";
import { ROOT, withCopies, workOff } from "./mutation/scratch_tree.ts";
import { type Outcome, secondsOfFiles, type Trial, tryTests } from "./mutation/trial.ts";
import { countOption, taskOptions } from "./task_options.ts";

/** For tests that pass, and for a machine that others use, too. */
const BASELINE_SILENCE_MS = 120_000;
const MIN_SILENCE_MS = 20_000;
const SILENCE_FACTOR = 5;

const VERDICTS: Readonly<Record<Outcome, string>> = {
  "passes": "survived",
  "fails": "noticed",
  "hangs": "noticed, because it hangs",
  "does not load": "does not load",
};

const { given, from, every, paths } = taskOptions(
  "mutate:file",
  object({
    given: argument(path({ metavar: "FILE", mustExist: true, type: "file" }), {
      description: message`The source file.`,
    }),
    from: countOption("--from", { byDefault: 0, about: message`The first mutant.` }),
    every: countOption("--every", { min: 1, byDefault: 1, about: message`Each Nth mutant.` }),
    paths: multiple(option("--tests", path({ metavar: "PATH", mustExist: true }), {
      description: message`Tests to run, again for more. Default: all that reach the file.`,
    })),
  }),
);
/** As the tree has it: `./a.ts` is `a.ts`. */
const inTree = (path: string) => relative(ROOT, resolve(path));
const file = inTree(given);
const source = readFileSync(given, "utf8");
const all = mutantsOf(source);
const chosen = all.filter((_, index) => index >= from && (index - from) % every === 0);
const tests = paths.length === 0
  ? relatedTests(ROOT, file)
  : paths.flatMap((path) => testsBeneath(ROOT, inTree(path)));
if (tests.length === 0) {
  console.error(`No test reaches ${file}`);
  Deno.exit(1);
}

const counts = new Map<string, number>();
const survivors: string[] = [];

/** The likeliest first, for the time that they take. */
function inOrder(
  noticed: ReadonlyMap<string, number>,
  seconds: ReadonlyMap<string, number>,
): string[] {
  const worth = (test: string) => ((noticed.get(test) ?? 0) + 1) / (seconds.get(test) ?? 1);
  return tests.toSorted((one, other) => worth(other) - worth(one));
}

function tell(mutant: Mutant, { outcome, failedIn }: Trial): void {
  const verdict = VERDICTS[outcome];
  const old = source.slice(mutant.start, mutant.end).replaceAll(/\s+/g, " ");
  const line = `${file}:${mutant.line}: ${old} -> ${mutant.text.replaceAll(/\s+/g, " ")}`;
  counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  if (outcome === "passes") survivors.push(line);
  console.log(`${all.indexOf(mutant)}/${all.length} ${line}: ${verdict} ${failedIn ?? ""}`);
}

await withCopies(async (copies) => {
  const baseline = await tryTests(copies[0], tests, BASELINE_SILENCE_MS);
  if (baseline.outcome !== "passes") {
    throw new Error(`Without a mutant, the test run ${baseline.outcome}: ${baseline.failedIn}`);
  }
  const silenceMs = Math.max(MIN_SILENCE_MS, SILENCE_FACTOR * baseline.longestSilenceMs);
  const seconds = secondsOfFiles(copies[0]);
  const noticed = new Map<string, number>();
  await workOff(copies, chosen, async (copy, mutant) => {
    writeFileSync(join(copy, file), mutated(source, mutant));
    const trial = await tryTests(copy, inOrder(noticed, seconds), silenceMs);
    const { failedIn } = trial;
    if (failedIn !== undefined) noticed.set(failedIn, (noticed.get(failedIn) ?? 0) + 1);
    tell(mutant, trial);
  });
});
console.log([...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", "));
for (const survivor of survivors) console.log(`survived: ${survivor}`);
if (survivors.length > 0) Deno.exit(1);
