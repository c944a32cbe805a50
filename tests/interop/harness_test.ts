import assert from "node:assert/strict";
import { CuttingProxy } from "./harness/cutting_proxy.ts";
import { startIstgt } from "./harness/istgt.ts";
import { requirePrograms } from "./harness/programs.ts";
import { runProgram } from "./harness/tape_command.ts";
import { withTarget } from "./harness/target.ts";
import { isListening } from "./harness/tcp_port.ts";
import { startTgt } from "./harness/tgt.ts";

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

Deno.test("a missing program fails the test and says what to install", () => {
  assert.throws(
    () => requirePrograms("iscsi-ls", "no-such-program" as "tgtd"),
    /no-such-program not found; as root: apt-get install/,
  );
});
