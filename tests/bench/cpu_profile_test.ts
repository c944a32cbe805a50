import assert from "node:assert/strict";
import { microsecondsByOwner } from "../../bench/cpu_profile.ts";

Deno.test("microsecondsByOwner() sums up samples by whose code ran", () => {
  const root = "file:///home/scsi/tape/";
  const frames = [
    ["(idle)", ""],
    ["op_read", ""],
    ["head", `${root}tape/read_ahead.ts`],
    ["crc32c", `${root}scsi/crc32c.ts`],
    ["advance", `${root}iscsi/pdu/framer.ts`],
    ["lazyLoad", "ext:core/01_core.js"],
    ["tick", "ext:core/01_core.js"],
  ];
  const nodes = frames.map(([functionName, url], id) => ({ id, callFrame: { functionName, url } }));
  const samples = [0, 1, 2, 3, 4, 5, 6, 2];
  const timeDeltas = [100, 20, 3, 4, 5, 6, 7, 30];
  const found = microsecondsByOwner({ nodes, samples, timeDeltas }, root);
  assert.deepEqual([...found].filter(([, sum]) => sum > 0), [
    ["waiting for the target", 100],
    ["sockets, native", 20],
    ["sockets, the runtime's JavaScript", 7],
    ["`iscsi/pdu/`", 5],
    ["`scsi/`", 4],
    ["`tape/`", 33],
    ["start of the process, and other", 6],
  ]);
});
