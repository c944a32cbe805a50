/**
 * Makes one mistake in a copy of the tree, and tells whether its tests notice.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutation } from "../mutations.ts";
import { testsBeneath } from "./related_tests.ts";
import { type Outcome, tryTests } from "./trial.ts";

/** What has become of a mutation. One that does not load shows nothing: its rule has not been tried. */
export type Verdict = "noticed" | "survived" | "does not load" | "does not fit the source";

/** Longer than any test takes: a mutation that makes one hang is noticed, too. */
const SILENCE_MS = 60_000;

/** How the tests of a folder end in the copy. */
export async function outcomeOf(copy: string, folder: string): Promise<Outcome> {
  const { outcome } = await tryTests(copy, testsBeneath(copy, folder), SILENCE_MS);
  return outcome;
}

/** Tries a mutation on the tests of `folders` in their order, up to those that notice it. */
export async function judge(
  copy: string,
  mutation: Mutation,
  folders: readonly string[],
): Promise<Verdict> {
  const path = join(copy, mutation.file);
  const source = sourceOf(path);
  if (source === undefined || source.split(mutation.old).length !== 2) {
    return "does not fit the source";
  }
  writeFileSync(path, source.replace(mutation.old, () => mutation.new));
  try {
    for (const folder of folders) {
      const outcome = await outcomeOf(copy, folder);
      if (outcome === "does not load") return outcome;
      if (outcome !== "passes") return "noticed";
    }
    return "survived";
  } finally {
    writeFileSync(path, source);
  }
}

function sourceOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
