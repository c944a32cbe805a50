import assert from "node:assert/strict";
import { UnsupportedError } from "../../tape/feature_errors.ts";
import { hex } from "../scsi/fake_unit.ts";
import { openSim } from "./drive_setup.ts";
import { check, good, script, UNKNOWN_COMMAND } from "./scripted.ts";

const NO_PAGE = check({ key: 5, asc: 0x24, ascq: 0 });

Deno.test("capacity() takes volume statistics, with four partitions in each parameter", async () => {
  const { unit, drive } = await openSim();
  const values = (code: string, ...each: string[]) =>
    `${code} 03 20 ${each.map((value, i) => `07 00 000${i} ${value}`).join(" ")}`;
  const page = [
    values("0202", "000003e8", "000003e8", "000007d0", "000007d0"),
    values("0203", "00000001", "00000000", "00000010", "ffffffff"),
  ];
  script(unit, { 0x4d: [good(hex(`17 00 0048 ${page.join(" ")}`))] });
  const capacity = await drive.capacity();
  assert.equal(capacity.source, "volume-statistics");
  assert.equal(capacity.maximumBytes, 6000e6);
  assert.equal(capacity.usedBytes, undefined, "partition 3 has no end of data");
  assert.deepEqual(capacity.partitions[2], {
    partition: 2,
    maximumBytes: 2000e6,
    usedBytes: 16e6,
    remainingBytes: 1984e6,
  });
  assert.deepEqual(capacity.partitions[3], { partition: 3, maximumBytes: 2000e6 });
  await drive.close();
});

Deno.test("capacity() falls back to page 31h, which counts in MiB", async () => {
  const { unit, drive } = await openSim();
  const parameters = [1, 2, 3, 4].map((code) =>
    `000${code} 03 04 0000${["0300", "0000", "0400", "0000"][code - 1]}`
  );
  script(unit, { 0x4d: [NO_PAGE, good(hex(`31 00 0020 ${parameters.join(" ")}`))] });
  const MIB = 1_048_576;
  assert.deepEqual(await drive.capacity(), {
    source: "tape-capacity",
    maximumBytes: 1024 * MIB,
    usedBytes: 256 * MIB,
    remainingBytes: 768 * MIB,
    partitions: [{
      partition: 0,
      maximumBytes: 1024 * MIB,
      usedBytes: 256 * MIB,
      remainingBytes: 768 * MIB,
    }],
  });
  await drive.close();
});

Deno.test("capacity() falls back to the cartridge's memory, and says when there is nothing", async () => {
  const { unit, drive } = await openSim();
  const attributes = "0000 80 0008 0000000000000010  0001 80 0008 0000000000000020";
  script(unit, { 0x4d: [NO_PAGE], 0x8c: [good(hex(`0000001a ${attributes}`)), UNKNOWN_COMMAND] });
  const { source, remainingBytes, usedBytes } = await drive.capacity();
  assert.deepEqual([source, remainingBytes, usedBytes], ["medium-attributes", 16 << 20, 16 << 20]);
  await assert.rejects(drive.capacity(), (error) => {
    assert.ok(error instanceof UnsupportedError);
    return error.feature === "capacity" && error.kind === "unsupported";
  });
  await drive.close();
});

Deno.test("capacity() of the simulated drive shrinks as it is written", async () => {
  const { drive } = await openSim({ capacityBytes: 50e6 });
  await drive.rewind();
  for (let i = 0; i < 20; i++) await drive.write(new Uint8Array(1_000_000));
  await drive.flush();
  const { maximumBytes, remainingBytes } = await drive.capacity();
  assert.equal(maximumBytes, 50e6);
  assert.ok(remainingBytes! <= 30e6 && remainingBytes! >= 29e6);
  await drive.close();
});
