import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startIstgt } from "./harness/istgt.ts";
import { randomBytes } from "./harness/random_bytes.ts";
import { tape } from "./harness/tape_command.ts";
import { withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

/** Runs `use` with the paths of two files and of a manifest that is to be made. */
function withFiles(use: (files: string[], manifest: string) => Promise<void>): Promise<void> {
  return withTempDir(async (dir) => {
    const paths = ["a", "b"].map((file) => join(dir, file));
    writeFileSync(paths[0], randomBytes(300_000, 1));
    writeFileSync(paths[1], randomBytes(100_001, 2));
    await use(paths, join(dir, "manifest.json"));
  });
}

async function must(url: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await tape(["-f", url, ...args]);
  assert.equal(code, 0, stderr);
  return stderr;
}

Deno.test("istgt: write --verify finds its way back though the drive takes no LOCATE", () =>
  withTarget(
    startIstgt({ growingImage: false, sizeMb: 64 }),
    ({ url }) =>
      withFiles(async (files, manifest) => {
        const writing = ["write", ...files, "-b", "64k", "--verify"];
        assert.match(await must(url, ...writing, "--manifest", manifest), /read back and compared/);
        assert.match(await must(url, ...writing), /read back and compared/);
        await must(url, "rewind");
        assert.match(await must(url, "verify", "--manifest", manifest), /all 2 files are as they/);
      }),
  ));

Deno.test("tgt: where no position is told, --verify says what does instead, and that does", () =>
  withTarget(startTgt(), ({ url }) =>
    withFiles(async (files, manifest) => {
      const refused = await tape(["-f", url, "write", ...files, "--verify"]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /--manifest instead, and then tape rewind/);
      await must(url, "write", ...files, "--manifest", manifest);
      await must(url, "rewind");
      assert.match(await must(url, "verify", "--manifest", manifest), /all 2 files are as they/);
    })));
