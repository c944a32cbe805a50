/**
 * Fuzzes for as long as asked: `deno task fuzz [--inputs N] [--seconds S] [--seed X] [TARGET...]`. Without a limit each
 * target gets ten million inputs; `--seconds` is shared by all targets.
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { choice } from "@optique/core/valueparser";
import { numberOption, seedOption, taskOptions } from "../../tools/task_options.ts";
import { fuzz, FuzzFailure } from "./fuzzer.ts";
import { fuzzTargets } from "./target_table.ts";

const DEFAULT_INPUTS = 10_000_000;

const all = await fuzzTargets();
const wishes = taskOptions(
  "fuzz",
  object({
    inputs: numberOption("--inputs", { min: 1, about: message`How many for each target.` }),
    seconds: numberOption("--seconds", { min: 1, about: message`For all targets together.` }),
    seed: seedOption,
    names: multiple(argument(choice(all.map(({ name }) => name), { metavar: "TARGET" }), {
      description: message`What to fuzz. Default: everything.`,
    })),
  }),
);
const { seed, names } = wishes;
const targets = all.filter(({ name }) => names.length === 0 || names.includes(name));
const seconds = wishes.seconds === undefined ? undefined : wishes.seconds / targets.length;
const inputs = wishes.inputs ?? (seconds === undefined ? DEFAULT_INPUTS : Infinity);
let failures = 0;
for (const target of targets) {
  try {
    const done = await fuzz(target, { seed, inputs, seconds });
    const rate = done.inputs / done.seconds;
    console.log(
      `${target.name}: ${done.inputs} inputs in ${done.seconds.toFixed(1)} s, ` +
        `${Math.round(rate)} a second, ten million in ${minutes(DEFAULT_INPUTS / rate)} min`,
    );
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    failures++;
    console.error(error.message);
    console.error(error.cause);
  }
}
console.log(`seed ${seed}, ${failures} of ${targets.length} targets broken`);
Deno.exit(failures > 0 ? 1 : 0);

function minutes(duration: number): string {
  return (duration / 60).toFixed(1);
}
