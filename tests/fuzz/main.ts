/**
 * Fuzzes for as long as asked: `deno task fuzz [--inputs N] [--seconds S] [--seed X] [TARGET...]`. Without a limit each
 * target gets ten million inputs; `--seconds` is shared by all targets.
 */

import { parseArgs } from "node:util";
import { fuzz, FuzzFailure } from "./fuzzer.ts";
import type { FuzzTarget } from "./fuzz_target.ts";
import { fuzzTargets } from "./target_table.ts";

const DEFAULT_INPUTS = 10_000_000;

const { values, positionals } = parseArgs({
  options: {
    inputs: { type: "string" },
    seconds: { type: "string" },
    seed: { type: "string" },
  },
  allowPositionals: true,
});
const seed = Number(values.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const targets = chosen(await fuzzTargets(), positionals);
const seconds = values.seconds === undefined ? undefined : Number(values.seconds) / targets.length;
const inputs = Number(values.inputs ?? (seconds === undefined ? DEFAULT_INPUTS : Infinity));
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

function chosen(all: readonly FuzzTarget[], names: readonly string[]): readonly FuzzTarget[] {
  const unknown = names.find((name) => !all.some((target) => target.name === name));
  if (unknown === undefined) {
    return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  }
  console.error(`Cannot fuzz ${unknown}: expected ${all.map(({ name }) => name).join(", ")}`);
  Deno.exit(1);
}

function minutes(duration: number): string {
  return (duration / 60).toFixed(1);
}
