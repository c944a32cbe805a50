import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requirePrograms } from "./programs.ts";
import { mustRun, ROOT } from "./tape_command.ts";
import { withTempDir } from "./temp_dir.ts";

let packed: Promise<Uint8Array> | undefined;

/** The package as it is packed for npm; packing takes its time, and is done once. */
function pack(): Promise<Uint8Array> {
  return withTempDir(async (dir) => {
    const path = join(dir, "package.tgz");
    const packing = ["run", "-A", "--frozen", `${ROOT}tools/pack_npm.ts`, path];
    await mustRun(Deno.execPath(), packing, { cwd: ROOT });
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
    await mustRun(npm, ["install", "--no-audit", "--no-fund", tarball, ...packages], { cwd: dir });
    await use(dir);
  });
}

/** The path of a runtime's program as npx fetches it: `runtimePath("node@22")`. */
export async function runtimePath(runtime: string): Promise<string> {
  const [npx] = requirePrograms("npx");
  const [name] = runtime.split("@");
  const { stdout } = await mustRun(npx, ["-y", "-p", runtime, "which", name], { cwd: "/" });
  return stdout.trim();
}
