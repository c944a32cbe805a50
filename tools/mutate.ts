/**
 * Mutation testing: breaks one rule of the protocol at a time in a copy of the tree, and tells which mistakes no test
 * notices.
 *
 *     deno task mutate [TEXT...]
 *
 * With texts, only the mutations whose file or rule contains one of them. Ends with status 1 when a mutation survived, no
 * longer fits the source, or does not load. Takes some seconds a mutation; it is no part of the gate.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { multiple } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { judge, outcomeOf, type Verdict } from "./mutation/judge.ts";
import { withCopies, workOff } from "./mutation/scratch_tree.ts";
import { type Mutation, MUTATIONS } from "./mutations.ts";
import { taskOptions } from "./task_options.ts";

/** The tests that may notice a mutation, the likeliest first. */
function testsFor({ file }: Mutation): readonly string[] {
  const target = ["tests/sim/target", "tests/iscsi/negotiation"];
  return file.startsWith("sim/") || file.includes("/target_")
    ? target
    : ["conformance", "session", "negotiation", "pdu", "connection"]
      .map((folder) => `tests/iscsi/${folder}`);
}

/** Tests that fail by themselves would notice everything. */
async function checkBaseline(copy: string, folders: Iterable<string>): Promise<void> {
  for (const folder of folders) {
    const outcome = await outcomeOf(copy, folder);
    if (outcome !== "passes") throw new Error(`Without any mutation, ${folder} ${outcome}`);
  }
}

async function run(mutations: readonly Mutation[]): Promise<boolean> {
  const failures: string[] = [];
  let done = 0;
  const found = ({ file, rule, old, new: changed }: Mutation, verdict: Verdict) => {
    const line = `${verdict}: ${file}: ${rule}: ${old.trim()} -> ${changed.trim()}`;
    console.log(`${++done}/${mutations.length} ${line}`);
    if (verdict !== "noticed") failures.push(line);
  };
  const folders = new Set(mutations.flatMap(testsFor));
  await withCopies(async (copies) => {
    await checkBaseline(copies[0], folders);
    await workOff(copies, mutations, async (copy, mutation) => {
      found(mutation, await judge(copy, mutation, testsFor(mutation)));
    });
  });
  console.log(`${mutations.length - failures.length} of ${mutations.length} noticed`);
  for (const failure of failures) console.log(failure);
  return failures.length === 0;
}

const { texts } = taskOptions(
  "mutate",
  object({
    texts: multiple(argument(string({ metavar: "TEXT" }), {
      description: message`What the file or the rule contains. Default: all.`,
    })),
  }),
);
const isChosen = ({ file, rule }: Mutation) =>
  texts.length === 0 || texts.some((text) => file.includes(text) || rule.includes(text));
const chosen = MUTATIONS.filter(isChosen);
if (chosen.length === 0) {
  console.error(`No mutation has ${texts.join(" or ")} in its file or rule`);
  Deno.exit(1);
}
if (!await run(chosen)) Deno.exit(1);
