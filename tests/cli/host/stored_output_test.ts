import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { descriptorFile } from "../../../cli/host/output_file.ts";
import { ROOT, runProgram } from "../../interop/harness/tape_command.ts";

/** A file of Linux that cannot be stored, and says so: fsync is EINVAL there. */
const UNSTORABLE = "/proc/self/comm";

/** Tells on standard error what comes of storing standard output. */
const STORING = `
  const { nodeHost } = await import("${ROOT}cli/host/node_host.ts");
  const output = nodeHost.openStdout();
  await output.write(new TextEncoder().encode("tape"));
  console.error(await output.sync().then(() => "stored", ({ code, path }) => code + " " + path));
`;

async function storing(redirection: string): Promise<string> {
  const line = `exec "$0" eval --no-check "$@" ${redirection}`;
  const args = ["-c", line, Deno.execPath(), STORING];
  const { stderr } = await runProgram("bash", args, { cwd: ROOT });
  return stderr.trim();
}

Deno.test("A file that cannot be stored is an error of descriptorFile().sync()", async () => {
  const fd = openSync(UNSTORABLE, "w");
  try {
    await assert.rejects(descriptorFile(fd).sync(), { code: "EINVAL" });
  } finally {
    closeSync(fd);
  }
});

Deno.test("Standard output is stored where the shell has made it a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tape-cli-"));
  try {
    const path = join(folder, "out");
    assert.equal(await storing(`> ${path}`), "stored");
    assert.equal(await readFile(path, "utf8"), "tape");
    assert.equal(await storing(`> ${UNSTORABLE}`), "EINVAL standard output");
  } finally {
    await rm(folder, { recursive: true });
  }
});

Deno.test("Standard output that is a pipe or a device has nothing to be stored", async () => {
  assert.equal(await storing("> >(cat > /dev/null)"), "stored");
  assert.equal(await storing("> /dev/null"), "stored");
});
