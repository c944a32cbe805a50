import assert from "node:assert/strict";
import process from "node:process";
import { RamDisk } from "../../sim/disk/ram_disk.ts";
import { serveTarget } from "../../sim/target/serve_target.ts";
import { requirePrograms } from "./harness/programs.ts";
import { runProgram } from "./harness/tape_command.ts";

/** Short here, a minute where everything is to be run. */
const SECONDS = process.env.TAPE_INTEROP_FULL === "1" ? 60 : 3;

Deno.test("iscsi-perf reads from the RAM disk for some time without an error", async () => {
  const [program] = requirePrograms("iscsi-perf");
  const target = await serveTarget({
    listen: { hostname: "127.0.0.1", port: 0 },
    targetName: "iqn.2026-03.com.example:read",
    units: [{ lun: 0, device: new RamDisk() }],
  });
  try {
    const args = ["-m", "8", "-b", "128", "-t", `${SECONDS}`, target.urls[0]];
    const { code, stdout, stderr } = await runProgram(program, args);
    assert.equal(code, 0, stdout + stderr);
    assert.doesNotMatch(stdout + stderr, /fail|error/i);
    assert.match(stdout, /MB\/s/);
  } finally {
    await target.close();
  }
});
