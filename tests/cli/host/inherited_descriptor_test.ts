import assert from "node:assert/strict";
import { ROOT, runProgram } from "../../interop/harness/tape_command.ts";

const HOST = `${ROOT}cli/host/node_host.ts`;

/** Prints what descriptor 3 has, as the shell opens it. */
const PROGRAM = `
  const { nodeHost } = await import("${HOST}");
  try {
    const source = nodeHost.openDescriptor(3);
    const bytes = new Uint8Array(40);
    let length = 0;
    for (let more = 1; more > 0; length += more) more = await source.read(bytes.subarray(length));
    await source.close();
    console.log(new TextDecoder().decode(bytes.subarray(0, length)));
  } catch (error) {
    console.log(error.code, error.path);
  }
`;

async function readThrough(redirection: string): Promise<string> {
  const line = `exec "$0" eval --no-check "$1" ${redirection}`;
  const args = ["-c", line, Deno.execPath(), PROGRAM];
  const { stdout, stderr } = await runProgram("bash", args, { cwd: ROOT });
  assert.equal(stderr, "");
  return stdout.trim();
}

Deno.test("A descriptor that the shell has opened on a file is read", async () => {
  assert.match(await readThrough("3< deno.json"), /^\{\n {2}"name": "@uiscsi\/tape",/);
});

Deno.test("A descriptor that the shell has opened on a pipe is read to its end", async () => {
  assert.equal(await readThrough("3< <(printf begin; sleep 0.3; printf -- -end)"), "begin-end");
});

Deno.test("A descriptor that nobody has opened is named as none", async () => {
  assert.equal(await readThrough("3<&-"), "EBADF descriptor 3");
});
