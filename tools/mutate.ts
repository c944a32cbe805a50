/**
 * Mutation testing: breaks one rule of the protocol at a time in a copy of the tree, and tells which mistakes no test
 * notices.
 *
 *     deno run -A tools/mutate.ts [TEXT...]
 *
 * With texts, only the mutations whose file or rule contains one of them. Ends with status 1 when a mutation survived, or when
 * one no longer fits the source. Takes some seconds a mutation; it is no part of the gate.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
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
async function passes(copy: string, folder: string): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--quiet", "--fail-fast", folder],
    cwd: copy,
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  return success;
}

async function judge(copy: string, mutation: Mutation): Promise<Verdict> {
  const path = join(copy, mutation.file);
  const source = sourceOf(path);
  if (source === undefined || source.split(mutation.old).length !== 2) {
    return "does not fit the source";
  }
  writeFileSync(path, source.replace(mutation.old, () => mutation.new));
  try {
    for (const folder of testsFor(mutation)) {
      if (!await passes(copy, folder)) return "noticed";
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

/** Judges mutations from the queue in a copy of its own until none is left, and tells `found` each verdict. */
async function work(
  queue: Mutation[],
  found: (mutation: Mutation, verdict: Verdict) => void,
): Promise<void> {
  const copy = copyOfTree();
  try {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      found(mutation, await judge(copy, mutation));
    }
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Tests that fail by themselves would notice everything. */
async function checkBaseline(mutations: readonly Mutation[]): Promise<void> {
  for (const folder of new Set(mutations.flatMap(testsFor))) {
    if (!await passes(ROOT, folder)) throw new Error(`${folder} fails without any mutation`);
  }
}

async function run(mutations: readonly Mutation[]): Promise<boolean> {
  await checkBaseline(mutations);
  const failures: string[] = [];
  let done = 0;
  const found = ({ file, rule, old, new: changed }: Mutation, verdict: Verdict) => {
    const line = `${verdict}: ${file}: ${rule}: ${old.trim()} -> ${changed.trim()}`;
    console.log(`${++done}/${mutations.length} ${line}`);
    if (verdict !== "noticed") failures.push(line);
  };
  const queue = [...mutations];
  const workers = Array.from({ length: navigator.hardwareConcurrency }, () => work(queue, found));
  await Promise.all(workers);
  console.log(`${mutations.length - failures.length} of ${mutations.length} noticed`);
  for (const failure of failures) console.log(failure);
  return failures.length === 0;
}

const isChosen = ({ file, rule }: Mutation) =>
  Deno.args.length === 0 || Deno.args.some((text) => file.includes(text) || rule.includes(text));
if (!await run(MUTATIONS.filter(isChosen))) Deno.exit(1);
