import assert from "node:assert/strict";
import { parseCommandLine } from "../../../cli/command_line.ts";
import { COMMANDS } from "../../../cli/command_table.ts";
import { connectionSettings } from "../../../cli/device/connection_settings.ts";
import { UsageError } from "../../../cli/usage_error.ts";
import { MemoryHost, type MemoryHostOptions } from "../memory_host.ts";

const never = new AbortController().signal;

function settingsOf(line: string, host: MemoryHostOptions = {}) {
  const args = ["status", ...line.split(" ").filter((word) => word !== "")];
  const parsed = parseCommandLine(args, COMMANDS, { version: "1", columns: 80 });
  assert.equal(parsed.kind, "command");
  return parsed.kind === "command"
    ? connectionSettings({
      options: parsed.options,
      host: new MemoryHost(host),
      signal: never,
      address: parsed.options.device,
    })
    : Promise.reject(new Error("not a command"));
}

const file = (text: string) => new TextEncoder().encode(text);

Deno.test("A CHAP secret comes from a file, without its line end", async () => {
  const { chap } = await settingsOf("--chap-user ann --chap-secret-file s", {
    files: { s: file("a secret with blanks \n") },
  });
  assert.deepEqual(chap, { name: "ann", secret: "a secret with blanks " });
});

Deno.test("CHAP secrets come from the environment, and a file wins over it", async () => {
  const env = { TAPE_CHAP_SECRET: "ours", TAPE_CHAP_TARGET_SECRET: "theirs" };
  const fromEnv = await settingsOf("--chap-user ann --target-user bob", { env });
  assert.deepEqual(fromEnv.chap, {
    name: "ann",
    secret: "ours",
    target: { name: "bob", secret: "theirs" },
  });
  const fromFile = await settingsOf("--chap-user ann --chap-secret-file s", {
    env,
    files: { s: file("filed") },
  });
  assert.equal(fromFile.chap?.secret, "filed");
});

const INCOMPLETE: readonly (readonly [string, RegExp])[] = [
  [
    "--chap-user ann",
    /--chap-user needs a secret: give --chap-secret-file or set TAPE_CHAP_SECRET/,
  ],
  ["--chap-secret-file s", /--chap-secret-file needs --chap-user/],
  ["--chap-user ann --chap-secret-file empty", /--chap-user needs a secret/],
  ["--chap-user ann --chap-secret-file s --target-user bob", /--target-user needs a secret/],
  ["--target-user bob --target-secret-file s", /--target-user needs --chap-user/],
];

for (const [line, message] of INCOMPLETE) {
  Deno.test(`${line} alone is refused`, async () => {
    const files = { s: file("secret of them all"), empty: file("\n") };
    await assert.rejects(settingsOf(line, { files }), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret of them all/);
      return true;
    });
  });
}

Deno.test("Without options there are no credentials, whatever the environment says", async () => {
  const { chap } = await settingsOf("", { env: { TAPE_CHAP_SECRET: "ours" } });
  assert.equal(chap, undefined);
});

Deno.test("An option may complete what the address says", async () => {
  const device = "-f iscsi://ann@10.0.0.5/iqn.2026-03.com.example:tape/0?target_user=bob&auth=md5";
  const { chap } = await settingsOf(`${device} --chap-secret-file s --target-secret-file t`, {
    files: { s: file("ours"), t: file("theirs") },
  });
  assert.deepEqual(chap, {
    name: "ann",
    secret: "ours",
    target: { name: "bob", secret: "theirs" },
    algorithms: ["md5"],
  });
});

Deno.test("A secret in the address is not taken for another name than the one beside it", async () => {
  const device = "-f iscsi://ann%hers@10.0.0.5/iqn.2026-03.com.example:tape/0";
  await assert.rejects(settingsOf(`${device} --chap-user bob`), /--chap-user needs a secret/);
});

Deno.test("--timeout counts for connecting and logging in", async () => {
  const settings = await settingsOf("--timeout 2.5");
  assert.deepEqual([settings.connectTimeoutMs, settings.loginTimeoutMs], [2500, 2500]);
});
