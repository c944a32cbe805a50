import assert from "node:assert/strict";
import { CORPUS } from "./corpus.ts";
import { fromBase64, fuzz, tryOnce } from "./fuzzer.ts";
import { fuzzTargets } from "./target_table.ts";

/** `deno task fuzz` goes on for longer, with a seed of its own. */
const SEED = 0x7a9e;
const INPUTS = 2000;
const SECONDS = 0.5;

const TARGETS = await fuzzTargets();

for (const target of TARGETS) {
  Deno.test(`${target.name} takes its seeds, and mutations of them (seed ${SEED})`, async () => {
    for (const seed of target.seeds) await tryOnce(target, seed.slice());
    const { inputs } = await fuzz(target, { seed: SEED, inputs: INPUTS, seconds: SECONDS });
    assert.ok(inputs > 0);
  });
}

for (const { target, why, input } of CORPUS) {
  Deno.test(`${target} stands what is in the corpus: ${why}`, async () => {
    const found = TARGETS.find(({ name }) => name === target);
    assert.ok(found, "the target is there");
    await tryOnce(found, fromBase64(input));
  });
}
