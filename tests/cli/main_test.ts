import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

/** Runs the command as a process of its own. */
function command(...args: string[]): Promise<{ status: unknown; output: string; errors: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["run", "-A", main, ...args], (error, output, errors) => {
      resolve({ status: error ? error.code : 0, output, errors });
    });
  });
}

Deno.test("cli/main.ts runs the command line and ends with its exit status", async () => {
  const good = await command("--version");
  assert.equal(good.status, 0);
  assert.match(good.output, /^\d+\.\d+\.\d+\n$/);
  const bad = await command("frobnicate");
  assert.equal(bad.status, 1);
  assert.match(bad.errors, /No such command/);
  assert.equal(bad.output, "");
});
