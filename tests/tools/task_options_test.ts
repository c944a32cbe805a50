import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { ROOT, runProgram } from "../interop/harness/tape_command.ts";

const { tasks } = JSON.parse(readFileSync(`${ROOT}deno.json`, "utf8"));

/** Runs a task of deno.json as `deno task` does. */
function runTask(name: string, ...args: readonly string[]) {
  const [, run, ...own] = tasks[name].command.split(" ");
  return runProgram(Deno.execPath(), [run, "--no-check", ...own, ...args], { cwd: ROOT });
}

const WRONG: readonly (readonly [name: string, ...args: readonly string[]])[] = [
  ["bench", "--rounds", "0"],
  ["bench", "--runtimes", "deno,nodejs"],
  ["chaos", "--every", "0"],
  ["chaos", "nosuch"],
  ["compile", "--nosuch"],
  ["docs", "nosuch"],
  ["fuzz", "--inputs", "many"],
  ["mutate", "--nosuch"],
  ["mutate:file", "nosuch.ts"],
  ["mutate:file", "scsi"],
  ["pack", "--nosuch"],
  ["property", "--operations", "many"],
  ["soak", "--logins", "-1"],
  ["soak:flood", "--strangers", "many"],
  ["soak:images", "--bytes", "16777216"],
  ["soak:images", "--kills", "1.5"],
  ["walk:changer", "--nosuch"],
  ["walk:cli", "--operations", "many"],
  ["walk:session", "--level", "3"],
  ["walk:target", "--walks", "many"],
];

for (const [name, ...args] of WRONG) {
  Deno.test(`deno task ${name} ${args.join(" ")} fails, and says what is wrong with that`, async () => {
    const { code, stdout, stderr } = await runTask(name, ...args);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    const [usage] = stderr.split("\n");
    assert.match(usage, new RegExp(`^Usage: deno task ${name} `));
    assert.match(stderr, /^Error: .*/m);
    assert.doesNotMatch(stderr, /^ {4}at /m, "a message, no stack");
  });
}

Deno.test("deno task TASK --help tells how it is used, and does nothing", async () => {
  const { code, stdout } = await runTask("walk:cli", "--help");
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: deno task walk:cli \[--operations N\] \[--seed N\]\n/);
});

Deno.test("deno task demo says which directory there is not", async () => {
  const { code, stdout, stderr } = await runTask("demo", "nosuch");
  assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
  assert.equal(stderr, "nosuch is no directory: deno task demo [DIRECTORY]\n");
});

Deno.test("deno task mutate says when no mutation has the text", async () => {
  const { code, stderr } = await runTask("mutate", "nosuch");
  assert.equal(code, 1);
  assert.equal(stderr, "No mutation has nosuch in its file or rule\n");
});

Deno.test("deno task mutate:file says when no test reaches the file, however it is named", async () => {
  const { code, stderr } = await runTask("mutate:file", "./tools/pack_npm.ts");
  assert.equal(code, 1);
  assert.equal(stderr, "No test reaches tools/pack_npm.ts\n");
});
