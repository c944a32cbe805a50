import assert from "node:assert/strict";
import { join } from "node:path";
import { runInLinuxGuest } from "./harness/linux_guest.ts";
import { TapeServer } from "./harness/tape_server.ts";
import { withTarget } from "./harness/target.ts";
import { withTempDir } from "./harness/temp_dir.ts";
import { startTgt } from "./harness/tgt.ts";

Deno.test("the Linux guest itself works: against tgt, tar writes and compares an archive", () =>
  withTarget(startTgt(), async (target) => {
    const { code, stdout } = await runInLinuxGuest(target, "tar.sh");
    assert.equal(code, 0, stdout);
  }));

Deno.test("Linux's st, mt, tar and sg3-utils work on the served drive", () =>
  withTempDir(async (dir) => {
    const server = await TapeServer.start(["--media", join(dir, "image.tap")]);
    try {
      const { code, stdout } = await runInLinuxGuest(server, "tape_io.sh");
      assert.equal(code, 0, stdout);
      assert.doesNotMatch(stdout, /^FAILED/m);
    } finally {
      await server.stop();
    }
  }));
