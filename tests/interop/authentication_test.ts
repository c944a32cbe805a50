import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustDo } from "./acceptance.ts";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { tape } from "./harness/tape_command.ts";
import { type Target, withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

const INITIATOR = { name: "reader", secret: "secret-of-reader" };
const TARGET = { name: "drive", secret: "secret-of-drive" };
const WRONG = "never-said-this";
const SECRETS = [INITIATOR.secret, TARGET.secret, WRONG];

const startBoth = [
  ["tgt", () => startTgt({ chap: INITIATOR, mutual: TARGET })],
  ["istgt", () => startIstgt({ mutualChap: { initiator: INITIATOR, target: TARGET } })],
] as const;

/** The address with credentials in it, as libiscsi's users write it. */
function withCredentials(target: Target, secret: string, targetSecret?: string): string {
  const url = target.url.replace("iscsi://", `iscsi://${INITIATOR.name}%${secret}@`);
  if (targetSecret === undefined) return url;
  return `${url}?target_user=${TARGET.name}&target_password=${targetSecret}`;
}

/** Asserts that the command fails as a failed operation, says why, and gives no secret away. */
async function mustBeRefused(args: string[], env: Record<string, string>, why: RegExp) {
  const { code, stdout, stderr } = await tape(args, { env });
  assert.equal(code, 2, stderr);
  assert.match(stderr, why);
  assert.doesNotMatch(stderr, /\n\s+at /, "no stack trace");
  for (const secret of SECRETS) assert.ok(!(stdout + stderr).includes(secret), "no secret");
}

for (const [name, start] of startBoth) {
  Deno.test(`${name}: mutual CHAP logs in with the secrets from the address`, () =>
    withTarget(start(), async (target) => {
      const url = withCredentials(target, INITIATOR.secret, TARGET.secret);
      await mustDo({ ...target, url }, ["rewind"]);
    }));

  Deno.test(`${name}: mutual CHAP logs in with the secrets from the environment`, () =>
    withTarget(start(), async (target) => {
      const users = ["--chap-user", INITIATOR.name, "--target-user", TARGET.name];
      await mustDo(target, ["rewind", ...users], {
        env: { TAPE_CHAP_SECRET: INITIATOR.secret, TAPE_CHAP_TARGET_SECRET: TARGET.secret },
      });
    }));

  Deno.test(`${name}: mutual CHAP logs in with the secrets from files`, () =>
    withTarget(start(), (target) =>
      withTempDir(async (dir) => {
        writeFileSync(join(dir, "ours"), `${INITIATOR.secret}\n`, { mode: 0o600 });
        writeFileSync(join(dir, "theirs"), `${TARGET.secret}\n`, { mode: 0o600 });
        const ours = ["--chap-user", INITIATOR.name, "--chap-secret-file", join(dir, "ours")];
        const theirs = ["--target-user", TARGET.name];
        theirs.push("--target-secret-file", join(dir, "theirs"));
        await mustDo(target, ["rewind", ...ours, ...theirs]);
      })));

  Deno.test(`${name}: a wrong secret is refused, and the message says whose`, () =>
    withTarget(start(), (target) =>
      mustBeRefused(
        ["-f", withCredentials(target, WRONG, TARGET.secret), "rewind"],
        {},
        /CHAP|secret|authenticat/i,
      )));

  Deno.test(`${name}: a missing secret is named as missing`, () =>
    withTarget(
      start(),
      (target) =>
        mustBeRefused(["-f", target.url, "rewind"], {}, /CHAP|secret|credential|authenticat/i),
    ));

  Deno.test(`${name}: a target that cannot prove itself is not trusted`, () =>
    withTarget(start(), (target) =>
      mustBeRefused(
        ["-f", withCredentials(target, INITIATOR.secret, WRONG), "rewind"],
        {},
        /target/i,
      )));
}

Deno.test("tgt: one-way CHAP logs in, and a wrong secret does not", () =>
  withTarget(startTgt({ chap: INITIATOR }), async (target) => {
    const url = withCredentials(target, INITIATOR.secret);
    await mustDo({ ...target, url }, ["rewind"]);
    const wrong = withCredentials(target, WRONG);
    await mustBeRefused(["-f", wrong, "rewind"], {}, /CHAP|secret|authenticat/i);
  }));

Deno.test("tgt: a target that offers no authentication is refused where mutual CHAP is asked for", () =>
  withTarget(startTgt(), (target) =>
    mustBeRefused(
      ["-f", withCredentials(target, INITIATOR.secret, TARGET.secret), "rewind"],
      {},
      /CHAP|authenticat/i,
    )));

Deno.test("istgt: a target that demands digests gets them, and the bytes are the same", () =>
  withTarget(startIstgt({ digests: true }), async (target) => {
    const url = `${target.url}?header_digest=crc32c&data_digest=crc32c`;
    const bytes = randomBytes(3_000_001, 1);
    const withDigests = { ...target, url };
    await mustDo(withDigests, ["write", "-", "--block-size", "256k"], { stdin: bytes });
    await mustDo(withDigests, ["rewind"]);
    const args = ["read", "-", "--block-size", "256k", "--read-ahead", "4"];
    const { stdoutBytes } = await mustDo(withDigests, args);
    assert.equal(Buffer.compare(stdoutBytes, bytes), 0);
  }));
