import assert from "node:assert/strict";
import { mustDo } from "./acceptance.ts";
import { type CutRule, CuttingProxy } from "./harness/cutting_proxy.ts";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { StrangeServer } from "./harness/strange_server.ts";
import { type CommandOptions, tape } from "./harness/tape_command.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { freePort } from "./harness/tcp_port.ts";
import { startTgt } from "./harness/tgt.ts";

const IQN = "iqn.2026-03.com.example:tape";

/** Asserts that the command ends as a failed operation and tells a person why, without a stack trace. */
async function mustFail(
  url: string,
  args: readonly string[],
  why: RegExp,
  options: CommandOptions = {},
): Promise<void> {
  const { code, stderr } = await tape(["-f", url, ...args], { limitMs: 60_000, ...options });
  assert.equal(code, 2, stderr);
  assert.match(stderr, why);
  assert.doesNotMatch(stderr, /\n\s+at /, "no stack trace");
}

async function withProxy(
  target: Target,
  rule: CutRule,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const proxy = new CuttingProxy(target.port, rule);
  try {
    await use(target.url.replace(`:${target.port}/`, `:${proxy.port}/`));
  } finally {
    await proxy.stop();
  }
}

async function withServer(server: StrangeServer, use: (url: string) => Promise<void>) {
  try {
    await use(`iscsi://127.0.0.1:${server.port}/${IQN}/0`);
  } finally {
    await server.stop();
  }
}

Deno.test("a port where nobody listens is named as refused", async () => {
  const port = freePort();
  await mustFail(
    `iscsi://127.0.0.1:${port}/${IQN}/0`,
    ["status"],
    new RegExp(`${port}.*refused`, "is"),
  );
});

Deno.test("a host that does not exist is named", () =>
  mustFail(`iscsi://nonexistent.invalid/${IQN}/0`, ["status"], /nonexistent\.invalid/));

Deno.test("a server of another protocol is told from an iSCSI target", () => {
  const greeting = new TextEncoder().encode("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n".repeat(3));
  return withServer(
    new StrangeServer(greeting, "stays silent"),
    (url) => mustFail(url, ["status", "--timeout", "3"], /iSCSI|protocol|RFC 7143/i),
  );
});

Deno.test("a server that closes at once fails the command", () =>
  withServer(
    new StrangeServer(new Uint8Array(), "closes"),
    (url) => mustFail(url, ["status"], /closed|lost/i),
  ));

Deno.test("a server that never answers runs into --timeout", () =>
  withServer(
    new StrangeServer(new Uint8Array(), "stays silent"),
    (url) => mustFail(url, ["status", "--timeout", "2"], /within 2 s/),
  ));

Deno.test("tgt: a target name that is not there is named", () =>
  withTarget(startTgt(), (target) =>
    mustFail(
      `iscsi://${target.portal}/iqn.2026-03.com.example:elsewhere/1`,
      ["status"],
      /iqn\.2026-03\.com\.example:elsewhere/,
    )));

Deno.test("tgt: a disk is told from a tape", () =>
  withTarget(startTgt(), (target) => mustFail(target.diskUrl, ["status"], /disk|direct access/i)));

Deno.test("tgt: a logical unit that is not there is named", () =>
  withTarget(
    startTgt(),
    (target) => mustFail(target.url.replace(/1$/, "9"), ["status"], /LUN|logical unit/i),
  ));

for (const [name, start] of [["tgt", startTgt], ["istgt", startIstgt]] as const) {
  for (const afterReceived of [0, 20, 48, 100]) {
    Deno.test(`${name}: a connection cut after ${afterReceived} bytes of login fails the command`, () =>
      withTarget(
        start(),
        (target) =>
          withProxy(
            target,
            { afterReceived },
            (url) => mustFail(url, ["status"], /closed|lost|reset/i),
          ),
      ));
  }

  Deno.test(`${name}: a connection cut in mid-write fails, and the records before it are on tape`, () =>
    withTarget(start(), async (target) => {
      const bytes = randomBytes(8 << 20, 1);
      await withProxy(
        target,
        { afterSent: 3 << 20 },
        (url) =>
          mustFail(url, ["write", "-", "--block-size", "64k"], /closed|lost|reset|refused/i, {
            stdin: bytes,
          }),
      );
      await mustDo(target, ["rewind"]);
      const { stdoutBytes } = await mustDo(target, ["read", "-", "--block-size", "64k"]);
      const count = stdoutBytes.length / 65536;
      assert.ok(Number.isInteger(count) && count >= 40 && count <= 48, `${count} whole records`);
      assert.equal(Buffer.compare(stdoutBytes, bytes.subarray(0, stdoutBytes.length)), 0);
    }));
}
