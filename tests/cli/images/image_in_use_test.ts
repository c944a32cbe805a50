import assert from "node:assert/strict";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

const LOCK = new TextEncoder().encode('{"pid":1,"host":"h","started":""}');
const LOCKS = { "other.tap.lock": LOCK, "many.tap.lock": LOCK };

async function run(line: string) {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  const devices = new SimDevices(drive);
  const source = new MemoryHost({ files: { in: patternBytes(10) } });
  assert.equal(await tape("write in", source, devices), 0, source.errors);
  assert.equal(await tape("rewind", source, devices), 0, source.errors);
  const old = patternBytes(3);
  const host = new MemoryHost({
    files: { ...LOCKS, "cargo.lock": patternBytes(9), cargo: old, in: old },
  });
  const status = await tape(line, host, devices);
  return { host, status, objects: drive.objects() };
}

for (
  const [line, why] of [
    ["read test.tap", "Saving to test.tap: it is a file of the tape in use"],
    ["read test.tap.json", "Saving to test.tap.json: it is a file of the tape in use"],
    ["read test.p1.tap", "Saving to test.p1.tap: it is a file of the tape in use"],
    ["map --svg test.tap.index", "Saving to test.tap.index: it is a file of the tape in use"],
    ["write in --manifest test.tap", "Saving to test.tap: it is a file of the tape in use"],
    ["image save test.tap --force", "Saving to test.tap: it is a file of the tape in use"],
    [
      "read other.tap",
      "Saving to other.tap: a simulated drive uses it; if none does, remove other.tap.lock",
    ],
    [
      "read many.p0.tap",
      "Saving to many.p0.tap: a simulated drive uses it; if none does, remove many.tap.lock",
    ],
  ] as const
) {
  Deno.test(`tape ${line} destroys no tape that a simulated drive uses`, async () => {
    const { host, status } = await run(line);
    assert.equal(status, 2);
    assert.ok(host.errors.startsWith(`tape: ${why}\n`), host.errors);
    assert.equal(host.sinks.size, 0);
  });
}

for (
  const [line, why] of [
    ["write test.tap", "Writing test.tap: it is a file of the tape that is to be written"],
    ["write in test.tap.json", "Writing test.tap.json: it is a file of the tape that is to be"],
    ["image load test.tap --yes", "Loading test.tap: it is a file of the tape that is to be"],
    ["image load test.tap --from-here", "Loading test.tap: it is a file of the tape that is to be"],
  ] as const
) {
  Deno.test(`tape ${line} does not write a tape over itself`, async () => {
    const { host, status, objects } = await run(line);
    assert.equal(status, 2);
    assert.ok(host.errors.startsWith(`tape: ${why}`), host.errors);
    assert.equal(objects.length, 2);
  });
}

Deno.test("What another program calls a lock keeps nobody from writing", async () => {
  const { host, status } = await run("read cargo");
  assert.equal(status, 0, host.errors);
  assert.deepEqual(host.sinks.get("cargo")?.bytes, patternBytes(10));
});
