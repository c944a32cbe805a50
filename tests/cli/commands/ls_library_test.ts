import assert from "node:assert/strict";
import { startTarget } from "../../../cli/device/serve_target.ts";
import { run } from "../../../cli/run.ts";
import { MemoryHost } from "../memory_host.ts";

const TARGET_NAME = "iqn.2026-03.com.example:l";

for (const layout of ["lun", "target"] as const) {
  Deno.test(`ls --library tells which drive is which, each a ${layout}, though two portals tell of them`, async () => {
    const target = await startTarget({
      listen: { hostname: "127.0.0.1", port: 0 },
      targetName: TARGET_NAME,
      media: [],
      slots: 2,
      drives: 2,
      layout,
    });
    try {
      const portal = new URL(target.changer!.replace("iscsi:", "http:")).host;
      const host = new MemoryHost();
      const other = portal.replace("127.0.0.1", "localhost");
      const unreachable = "127.0.0.1:1";
      assert.equal(
        await run(["ls", "--library", portal, other, unreachable], host),
        0,
        host.errors,
      );
      assert.match(host.errors, /^tape: warning: 127\.0\.0\.1:1: .*refused\n[^\n]*\n$/);
      const name = target.changer!.split("/").slice(3).join("/");
      const notes = host.output.trimEnd().split("\n").map((row) => row.split(/ {2,}/).at(-1));
      const expected = [
        "3 slots (1 import/export), 2 drives",
        `drive 0 of ${name}`,
        `drive 1 of ${name}`,
      ];
      assert.deepEqual(notes, [...expected, ...expected]);
      const json = new MemoryHost();
      assert.equal(await run(["ls", "--library", portal, "--json"], json), 0, json.errors);
      const [{ changer, drives }] = JSON.parse(json.output).libraries;
      assert.equal(changer, target.changer);
      assert.deepEqual(drives.map((each: { address: string }) => each.address), target.addresses);
    } finally {
      await target.close();
    }
  });
}
