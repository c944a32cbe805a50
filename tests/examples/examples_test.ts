import assert from "node:assert/strict";
import { ROOT, runProgram } from "../interop/harness/tape_command.ts";
import { withTempDir } from "../interop/harness/temp_dir.ts";
import { EXAMPLE_FILES, EXAMPLE_RUNS, type ExampleRuntime, EXAMPLES } from "./example_runs.ts";

const deno: ExampleRuntime = {
  run: (file, ...args) =>
    runProgram(Deno.execPath(), ["run", "-A", "--no-check", `${EXAMPLES}${file}`, ...args], {
      cwd: ROOT,
    }),
  test: (file) =>
    runProgram(Deno.execPath(), ["test", "-A", "--no-check", `${EXAMPLES}${file}`], { cwd: ROOT }),
};

Deno.test("Each example is run by the tests", () => {
  assert.deepEqual(Object.keys(EXAMPLE_RUNS).sort(), EXAMPLE_FILES);
});

for (const { title, check } of Object.values(EXAMPLE_RUNS)) {
  Deno.test(title, () => withTempDir((dir) => check(deno, dir)));
}
