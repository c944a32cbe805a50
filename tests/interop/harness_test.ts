import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CuttingProxy } from "./harness/cutting_proxy.ts";
import { DelayProxy } from "./harness/delay_proxy.ts";
import { startIstgt } from "./harness/istgt.ts";
import { requirePrograms } from "./harness/programs.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { runProgram } from "./harness/tape_command.ts";
import { withTarget } from "./harness/target.ts";
import { isListening } from "./harness/tcp_port.ts";
import { makeTempDir, PID_FILE, removeTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";
import { waitUntil } from "./harness/waiting.ts";

// What these tests find with libiscsi's tools is the ground that the others stand on.

Deno.test("the harness starts a tgt whose LUN 1 is a tape and LUN 2 a disk, and ends it", async () => {
  const [inquiry] = requirePrograms("iscsi-inq");
  let port = 0;
  await withTarget(startTgt(), async (target) => {
    port = target.port;
    assert.match((await runProgram(inquiry, [target.url])).stdout, /SEQUENTIAL_ACCESS/);
    assert.match((await runProgram(inquiry, [target.diskUrl])).stdout, /DIRECT_ACCESS/);
  });
  assert.equal(await isListening(port), false);
});

Deno.test("the harness starts an istgt that serves a tape, and ends it", async () => {
  const [inquiry] = requirePrograms("iscsi-inq");
  let port = 0;
  await withTarget(startIstgt(), async (target) => {
    port = target.port;
    assert.match((await runProgram(inquiry, [target.url])).stdout, /SEQUENTIAL_ACCESS/);
  });
  assert.equal(await isListening(port), false);
});

Deno.test("the harness's targets demand the accounts that they were given", async () => {
  const [inquiry] = requirePrograms("iscsi-inq");
  const initiator = { name: "reader", secret: "secret-of-reader" };
  const target = { name: "drive", secret: "secret-of-drive" };
  const asInitiator = (url: string) =>
    url.replace("iscsi://", `iscsi://${initiator.name}%${initiator.secret}@`);
  const both = `?target_user=${target.name}&target_password=${target.secret}`;
  const mutual = { initiator, target };

  await withTarget(startTgt({ chap: initiator }), async ({ url }) => {
    assert.notEqual((await runProgram(inquiry, [url])).code, 0);
    assert.equal((await runProgram(inquiry, [asInitiator(url)])).code, 0);
  });
  await withTarget(startIstgt({ mutualChap: mutual }), async ({ url }) => {
    assert.notEqual((await runProgram(inquiry, [url])).code, 0);
    assert.equal((await runProgram(inquiry, [asInitiator(url) + both])).code, 0);
  });
});

Deno.test("the harness's proxy passes everything on, or cuts the connection where it is told to", () =>
  withTarget(startTgt(), async (target) => {
    const [inquiry] = requirePrograms("iscsi-inq");
    for (const [rule, works] of [[{}, true], [{ afterReceived: 20 }, false]] as const) {
      const proxy = new CuttingProxy(target.port, rule);
      try {
        const url = target.url.replace(`:${target.port}/`, `:${proxy.port}/`);
        const { stdout } = await runProgram(inquiry, [url], { limitMs: 3000 });
        assert.equal(/SEQUENTIAL_ACCESS/.test(stdout), works);
      } finally {
        await proxy.stop();
      }
    }
  }));

/** Sends back what one connection sends. */
async function echoOnce(listener: Deno.TcpListener): Promise<void> {
  const conn = await listener.accept();
  try {
    const buffer = new Uint8Array(65536);
    for (let count; (count = await conn.read(buffer)) !== null;) {
      await writeAll(conn, buffer.subarray(0, count));
    }
  } finally {
    conn.close();
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await conn.write(bytes.subarray(done));
}

Deno.test("the harness's delay proxy passes every byte on, no sooner than its delay says", async () => {
  const delayMs = 20;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const echoing = echoOnce(listener);
  const proxy = await DelayProxy.start(listener.addr.port, delayMs);
  try {
    const sent = randomBytes(3 << 20, 1);
    const back = new Uint8Array(sent.length);
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
    const start = performance.now();
    const feeding = writeAll(conn, sent);
    let filled = await conn.read(back) ?? sent.length;
    const firstMs = performance.now() - start;
    while (filled < back.length) filled += await conn.read(back.subarray(filled)) ?? sent.length;
    await feeding;
    conn.close();
    await echoing;
    assert.deepEqual(back, sent);
    assert.ok(firstMs >= 2 * delayMs, `the first byte came after ${firstMs} ms`);
  } finally {
    await proxy.stop();
    listener.close();
  }
});

Deno.test("a missing program fails the test and says what to install", () => {
  assert.throws(
    () => requirePrograms("iscsi-ls", "no-such-program" as "tgtd"),
    /no-such-program not found; as root: apt-get install/,
  );
});

/** Starts something in a directory of its own, prints where, and waits to be killed. */
const KILLED_RUN = `
  import { Daemon } from "${import.meta.resolve("./harness/daemon.ts")}";
  import { makeTempDir } from "${import.meta.resolve("./harness/temp_dir.ts")}";
  const dir = makeTempDir("tape-interop-killed");
  new Daemon("/bin/sleep", ["600"], dir + "/log");
  console.log(dir);
`;

Deno.test("what a run that was killed has left, directory and process, the next run removes", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", KILLED_RUN],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const dir = String((await output.read()).value).trim();
  const pid = readFileSync(join(dir, PID_FILE), "utf8");
  removeTempDir(makeTempDir("tape-interop"));
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  assert.ok(existsSync(`/proc/${pid}`) && existsSync(dir), "its owner lived");
  removeTempDir(makeTempDir("tape-interop"));
  assert.ok(!existsSync(dir));
  // Whoever adopted it may not wait for it: then it is there still, and dead.
  const isGone = () =>
    !existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  assert.ok(await waitUntil(isGone));
});
