/**
 * Mutation testing: breaks one rule of the protocol at a time in a copy of the tree, and tells which mistakes no test
 * notices.
 *
 *     deno run -A tools/mutate.ts [TEXT]
 *
 * With TEXT, only the mutations whose file or rule contains it. Ends with status 1 when a mutation survived, or when
 * one no longer fits the source. Takes some seconds a mutation; it is no part of the gate.
 *
 * @module
 */

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mutation, MUTATIONS } from "./mutations.ts";

type Verdict = "noticed" | "survived" | "does not fit the source";

const ROOT = new URL("..", import.meta.url).pathname;
/** Longer than the tests take: a mutation that makes them hang is noticed, too. */
const TIMEOUT_MS = 90_000;

/** The tests that may notice a mutation, the likeliest first. */
function testsFor({ file }: Mutation): readonly string[] {
  const target = ["tests/sim/target", "tests/iscsi/negotiation"];
  return file.startsWith("sim/") || file.includes("/target_")
    ? target
    : ["conformance", "session", "negotiation", "pdu", "connection"]
      .map((folder) => `tests/iscsi/${folder}`);
}

/** Whether a folder's tests pass in the copy. */
function passes(copy: string, folder: string): boolean {
  const args = ["test", "-A", "--no-check", "--quiet", "--fail-fast", folder];
  const { status } = spawnSync(Deno.execPath(), args, { cwd: copy, timeout: TIMEOUT_MS });
  return status === 0;
}

function judge(copy: string, mutation: Mutation): Verdict {
  const path = join(copy, mutation.file);
  const source = sourceOf(path);
  if (source === undefined || source.split(mutation.old).length !== 2) {
    return "does not fit the source";
  }
  writeFileSync(path, source.replace(mutation.old, () => mutation.new));
  try {
    return testsFor(mutation).every((folder) => passes(copy, folder)) ? "survived" : "noticed";
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

/** A copy of all files that are under version control, as they are now. */
function copyOfTree(): string {
  const copy = mkdtempSync(join(tmpdir(), "tape-mutations-"));
  const listing = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  for (const file of listing.split("\0")) {
    if (file !== "") cpSync(join(ROOT, file), join(copy, file));
  }
  return copy;
}

function run(mutations: readonly Mutation[]): boolean {
  const copy = copyOfTree();
  const failures: string[] = [];
  try {
    for (const folder of new Set(mutations.flatMap(testsFor))) {
      if (!passes(copy, folder)) throw new Error(`${folder} fails without any mutation`);
    }
    mutations.forEach((mutation, index) => {
      const verdict = judge(copy, mutation);
      const line = `${mutation.file}: ${mutation.rule}: ${mutation.old.trim()}`;
      console.log(`${index + 1}/${mutations.length} ${verdict}: ${line}`);
      if (verdict !== "noticed") failures.push(`${verdict}: ${line}`);
    });
  } finally {
    rmSync(copy, { recursive: true });
  }
  console.log(`${mutations.length - failures.length} of ${mutations.length} noticed`);
  for (const failure of failures) console.log(failure);
  return failures.length === 0;
}

const [text = ""] = Deno.args;
const chosen = MUTATIONS.filter(({ file, rule }) => file.includes(text) || rule.includes(text));
if (!run(chosen)) Deno.exit(1);
