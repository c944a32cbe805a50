import assert from "node:assert/strict";
import { ROOT, runProgram } from "../../interop/harness/tape_command.ts";

const HOST = `${ROOT}cli/host/node_host.ts`;

/** Prints what descriptor 3 has, as the shell opens it. */
const READING = `
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

/** Gives up reading it, and prints what a file has that gets the number which it had. */
const GIVING_UP = `
  const { nodeHost } = await import("${HOST}");
  const { openSync, readSync } = await import("node:fs");
  const source = nodeHost.openDescriptor(3);
  const nothing = source.read(new Uint8Array(4));
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (Deno.args[0] === "cancelled") source.cancel();
  await source.close();
  const next = openSync("deno.json", "r");
  console.log(await nothing);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const bytes = new Uint8Array(10);
  readSync(next, bytes, 0, 10, null);
  console.log(JSON.stringify(new TextDecoder().decode(bytes)));
`;

async function run(program: string, redirection: string, ...more: string[]): Promise<string> {
  const line = `exec "$0" eval --no-check "$@" ${redirection}`;
  const args = ["-c", line, Deno.execPath(), program, ...more];
  const { stdout, stderr } = await runProgram("bash", args, { cwd: ROOT });
  assert.equal(stderr, "");
  return stdout.trim();
}

Deno.test("A descriptor that the shell has opened on a file is read", async () => {
  assert.match(await run(READING, "3< deno.json"), /^\{\n {2}"name": "@uiscsi\/tape",/);
});

Deno.test("A descriptor that the shell has opened on a pipe is read to its end", async () => {
  assert.equal(await run(READING, "3< <(printf begin; sleep 0.3; printf -- -end)"), "begin-end");
});

Deno.test("A descriptor that nobody has opened is named as none", async () => {
  assert.equal(await run(READING, "3<&-"), "EBADF descriptor 3");
});

Deno.test("A descriptor that is a socket is not named as one that nobody has opened", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  try {
    const redirection = `3<> /dev/tcp/127.0.0.1/${listener.addr.port}`;
    assert.equal(await run(READING, redirection), "ENXIO descriptor 3");
  } finally {
    (await accepted).close();
    listener.close();
  }
});

for (const how of ["cancelled", "closed"]) {
  Deno.test(`A descriptor that is ${how} while its pipe is empty takes nothing from what is opened next`, async () => {
    assert.equal(await run(GIVING_UP, "3< <(sleep 1)", how), '0\n"{\\n  \\"name\\""');
  });
}
