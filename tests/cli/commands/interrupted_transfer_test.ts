import assert from "node:assert/strict";
import type { ByteSource } from "../../../cli/host/host.ts";
import type { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryHost, patternBytes } from "../memory_host.ts";
import { tape } from "../sim_devices.ts";
import { bench, layout, readFile } from "./data_bench.ts";

/** Interrupts the host after so many reads of an endless source. */
function endless(host: () => MemoryHost, interruptAt: number): ByteSource {
  let reads = 0;
  let cancelled = false;
  return {
    read(into) {
      if (++reads === interruptAt) host().interrupt();
      if (cancelled) return Promise.resolve(0);
      into.fill(1);
      return Promise.resolve(into.length);
    },
    cancel: () => void (cancelled = true),
    close: () => Promise.resolve(),
  };
}

Deno.test("An interrupted write stops between records, flushes, writes no filemark, says where", async () => {
  const { drive, devices } = bench();
  const host: MemoryHost = new MemoryHost({ stdin: endless(() => host, 5) });
  assert.equal(await tape("write - -b 64k", host, devices), 2);
  assert.ok(layout(drive).length > 0);
  assert.ok(layout(drive).every((length) => length === 65536));
  const count = layout(drive).length;
  assert.match(
    host.errors,
    new RegExp(`Interrupted: ${count} records?.*no filemark\\nThe tape stands: At block ${count} `),
  );
  assert.equal(host.listeners, 0);
  const flushes = drive.commands.filter(({ cdb }) => cdb[0] === 0x10);
  assert.deepEqual(flushes.map(({ cdb }) => cdb[4]), [0]);
});

for (
  const [before, marks] of [
    ["a", "one filemark"],
    ["a a", "2 filemarks"],
  ] as const
) {
  Deno.test(`write ${before} -: interrupted in the last file, it tells of the filemarks before that`, async () => {
    const { drive, devices } = bench();
    const stdin = endless(() => host, 5);
    const host: MemoryHost = new MemoryHost({ stdin, files: { a: patternBytes(10) } });
    assert.equal(await tape(`write ${before} - -b 64k`, host, devices), 2);
    assert.notEqual(drive.objects().at(-1)?.kind, "filemark");
    assert.match(
      host.errors,
      new RegExp(`^tape: Interrupted: .* written, and ${marks}, none behind the last file$`, "m"),
    );
  });
}

/** A tape of ten records, of which reading is interrupted with the third. */
async function interruptedRead(atInterruption: (drive: SimulatedDrive) => void) {
  const { drive, devices } = bench();
  const writer = new MemoryHost({ files: { in: patternBytes(1000) } });
  await tape("write in -b 100", writer, devices);
  await tape("rewind", writer, devices);
  const host = new MemoryHost();
  const openTape = devices.openTape.bind(devices);
  devices.openTape = async (address, options) => {
    const opened = await openTape(address, options);
    const read = opened.read.bind(opened);
    let reads = 0;
    opened.read = (readOptions) => {
      if (++reads === 3) {
        host.interrupt();
        atInterruption(drive);
      }
      return read(readOptions);
    };
    return opened;
  };
  const result = await readFile("read out --read-ahead 4", devices, host);
  assert.equal(result.status, 2);
  assert.deepEqual(result.bytes, patternBytes(1000).slice(0, 300));
  assert.match(host.errors, /Interrupted: 3 records, 300 bytes/);
  return { drive, host };
}

Deno.test("An interrupted read keeps whole records, and the tape stands behind the last of them", async () => {
  const { drive, host } = await interruptedRead(() => {});
  assert.equal(drive.position?.object, 3);
  assert.match(host.errors, /Interrupted: 3 records, 300 bytes.*\nThe tape stands: At block 3 /);
});

Deno.test("An interrupted read calls the place of its tape uncertain once the drive was reset", async () => {
  const { host } = await interruptedRead((drive) => drive.powerCycle());
  assert.match(
    host.errors,
    /^The tape should stand behind the last of that; that is not certain, for asking where it stands failed: .*29\/0/m,
  );
  assert.doesNotMatch(host.errors, /The tape stands/);
});
