import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requirePrograms } from "./programs.ts";
import { ROOT, runProgram } from "./tape_command.ts";
import { withTempDir } from "./temp_dir.ts";

/** Runs a program that must succeed; resolves to what it printed. */
export async function mustRun(
  path: string,
  args: readonly string[],
  cwd: string,
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(path, args, { cwd });
  assert.equal(code, 0, `${path} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

let packed: Promise<Uint8Array> | undefined;

/** The package as it is packed for npm; packing takes its time, and is done once. */
function pack(): Promise<Uint8Array> {
  return withTempDir(async (dir) => {
    const path = join(dir, "package.tgz");
    await mustRun(
      Deno.execPath(),
      ["run", "-A", "--frozen", `${ROOT}tools/pack_npm.ts`, path],
      ROOT,
    );
    return readFileSync(path);
  });
}

/** Runs `use` with a project that has installed the package as it is packed for npm, and `packages`, and nothing else. */
export async function withConsumer(
  packages: readonly string[],
  use: (dir: string) => Promise<void>,
): Promise<void> {
  const [npm] = requirePrograms("npm");
  await withTempDir(async (dir) => {
    const tarball = join(dir, "package.tgz");
    writeFileSync(tarball, await (packed ??= pack()));
    writeFileSync(
      join(dir, "package.json"),
      `{ "name": "consumer", "private": true, "type": "module" }`,
    );
    await mustRun(npm, ["install", "--no-audit", "--no-fund", tarball, ...packages], dir);
    await use(dir);
  });
}

/** The path of a runtime's program as npx fetches it: `runtimePath("node@22")`. */
export async function runtimePath(runtime: string): Promise<string> {
  const [npx] = requirePrograms("npx");
  const [name] = runtime.split("@");
  return (await mustRun(npx, ["-y", "-p", runtime, "which", name], "/")).trim();
}
