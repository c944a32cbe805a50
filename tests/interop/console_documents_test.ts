import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { comparable, consoleSteps, runConsole } from "./harness/console_document.ts";
import { ROOT } from "./harness/tape_command.ts";
import { freePort } from "./harness/tcp_port.ts";
import { withTempDir } from "./harness/temp_dir.ts";

/** The port in the documents; a test takes one that is free. */
const PORT = /\b3260\b/g;

for (const document of ["docs/screens.md", "docs/tape-gateway.md"]) {
  Deno.test(`${document} works as typed, and prints what it shows`, () =>
    withTempDir(async (dir) => {
      const steps = consoleSteps(readFileSync(`${ROOT}${document}`, "utf8"));
      assert.ok(steps.length >= 10, `${steps.length} commands`);
      const port = String(freePort());
      const commands = steps.map(({ command }) => command.replace(PORT, port));
      const printed = await runConsole(commands, dir);
      for (const [index, { command, printed: expected }] of steps.entries()) {
        const actual = printed[index].replaceAll(port, "3260");
        assert.equal(comparable(actual), comparable(expected), `$ ${command}`);
      }
    }));
}
