/**
 * Compiles the command `tape` into one executable file that needs nothing installed.
 *
 *     deno task compile [FILE]
 *
 * `deno compile` does it, and downloads Deno's runtime for executables from dl.deno.land the first time (`DENORT_BIN`
 * may name one that is there). Where that cannot be had, Bun makes the file of the package for npm, since it is its own
 * runtime for executables.
 *
 * @module
 */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { withDefault } from "@optique/core/modifiers";
import { argument } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { execFileSync, type ExecFileSyncOptions, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { taskOptions } from "./task_options.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const BUN = "bun@1.3";

/** Whether it worked; what it prints is shown where it did not. */
function compiledByDeno(path: string): boolean {
  const args = ["compile", "-A", "--quiet", "--frozen", "--no-check", "--output", path];
  const { status, stderr } = spawnSync(process.execPath, [...args, "cli/main.ts"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 300_000, // Where nothing answers, the download never ends by itself.
  });
  if (status !== 0) console.error(stderr.trimEnd());
  return status === 0;
}

/** @throws when npm or Bun fails. */
function compileByBun(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), "tape-compile-"));
  const quietly: ExecFileSyncOptions = { cwd: folder, stdio: ["ignore", "ignore", "inherit"] };
  try {
    const pack = ["run", "-A", "--frozen", join(ROOT, "tools/pack_npm.ts"), "package.tgz"];
    execFileSync(process.execPath, pack, quietly);
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "./package.tgz"], quietly);
    const build = ["build", "--compile", "--outfile", path];
    const entry = "node_modules/@uiscsi/tape/bin/tape.js";
    execFileSync("npx", ["-y", BUN, ...build, entry], quietly);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { file } = taskOptions(
  "compile",
  object({
    file: withDefault(
      argument(string({ metavar: "FILE" }), { description: message`The executable file.` }),
      join(ROOT, "bin/tape"),
    ),
  }),
);
const path = resolve(file);
mkdirSync(dirname(path), { recursive: true });
if (compiledByDeno(path)) console.log(`${path}: compiled by Deno`);
else {
  console.error("Deno could not compile it, as said above: Bun does it instead");
  compileByBun(path);
  console.log(`${path}: compiled by Bun`);
}
