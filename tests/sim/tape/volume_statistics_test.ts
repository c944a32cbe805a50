import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { decodeLogPage } from "../../../scsi/log_pages.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { Medium } from "../../../sim/tape/medium.ts";
import { TapePath } from "../../../sim/tape/tape_path.ts";
import { TransferCounts } from "../../../sim/tape/transfer_counts.ts";
import { DriveBench, nexus, read, summary, tapeOf, write, writeFilemarks } from "./drive_bench.ts";

const REWIND = [0x01];
const RESET_COUNTERS = [0x4c, 2, 0x40];
const MEGABYTE = 1_000_000;

function page(bench: DriveBench, code: number) {
  const data = bench.ok([0x4d, 0, 0x40 | code, 0, 0, 0, 0, 0xff, 0xff]);
  return decodeLogPage(data).parameters;
}

function numbers(bench: DriveBench, code: number, parameters: readonly number[]): number[] {
  const all = new Map(
    page(bench, code).map((
      each,
    ) => [each.code, each.value.reduce((sum, byte) => sum * 256 + byte, 0)]),
  );
  return parameters.map((parameter) => all.get(parameter) ?? NaN);
}

function writeMegabytes(bench: DriveBench, count: number): void {
  for (let record = 0; record < count; record++) {
    bench.ok(write(MEGABYTE), new Uint8Array(MEGABYTE));
  }
}

/** Mounts; records, megabytes and unrecovered errors of its life; megabytes and errors since the load. */
const VOLUME = [0x01, 0x02, 0x07, 0x10, 0x11, 0x09, 0x0e, 0x0f, 0x0d];

Deno.test("What a cartridge has been through goes with it from drive to drive", () => {
  const medium: Medium = new MemoryMedium();
  const first = new DriveBench({ medium });
  writeMegabytes(first, 3);
  first.ok(REWIND);
  first.ok(read(MEGABYTE));
  deepStrictEqual(numbers(first, 0x17, VOLUME), [1, 3, 1, 3, 1, 0, 3, 1, 0]);
  first.drive.eject();
  const second = new DriveBench({ medium });
  second.drive.addBadBlock({ object: 0 });
  second.run(read(MEGABYTE));
  second.drive.clearBadBlocks();
  second.ok(read(MEGABYTE));
  deepStrictEqual(numbers(second, 0x17, VOLUME), [2, 3, 2, 3, 2, 1, 0, 1, 1]);
  // Of the drive, not of the cartridge.
  deepStrictEqual(numbers(second, 0x0c, [0, 3]), [0, MEGABYTE]);
});

Deno.test("LOG SELECT clears what the drive counts, and nothing of the cartridge", () => {
  const bench = new DriveBench();
  writeMegabytes(bench, 2);
  bench.ok(RESET_COUNTERS);
  deepStrictEqual(numbers(bench, 0x0c, [0]), [0]);
  writeMegabytes(bench, 1);
  deepStrictEqual(numbers(bench, 0x17, VOLUME.slice(0, 7)), [1, 3, 0, 3, 0, 0, 3]);
});

Deno.test("The ratio of compression since the load is the cartridge's, whatever was before", () => {
  const bench = new DriveBench({ compressionRatio: 2 });
  writeMegabytes(bench, 2);
  deepStrictEqual(numbers(bench, 0x17, [0x12, 0x13]), [200, 100]);
  bench.drive.insert(new MemoryMedium());
  bench.run([0x00]);
  deepStrictEqual(numbers(bench, 0x17, [0x12, 0x13]), [100, 100]);
});

Deno.test("Page 00h, subpage FFh, lists all pages and itself", () => {
  const bench = new DriveBench();
  const pages = [...bench.ok([0x4d, 0, 0x40, 0, 0, 0, 0, 0, 255]).subarray(4)];
  const data = bench.ok([0x4d, 0, 0x40, 0xff, 0, 0, 0, 0, 255]);
  deepStrictEqual([...data.subarray(0, 4)], [0x40, 0xff, 0, data.length - 4]);
  deepStrictEqual([...data.subarray(4)], [
    0,
    0,
    0,
    0xff,
    ...pages.slice(1).flatMap((code) => [code, 0]),
  ]);
  for (const [code, subpage] of [[0x40, 1], [0x4c, 0xff]]) {
    strictEqual(summary(bench.run([0x4d, 0, code, subpage, 0, 0, 0, 0, 255])), "5/2400");
  }
});

Deno.test("Another initiator hears that counters were cleared, and he who did it does not", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  bench.ok([0x4c, 0, 0x40]);
  strictEqual(summary(bench.run([0x00], undefined, other)), "GOOD", "nothing was cleared");
  bench.ok(RESET_COUNTERS);
  strictEqual(summary(bench.run([0x00], undefined, other)), "6/2a02");
  strictEqual(summary(bench.run([0x00])), "GOOD");
});

Deno.test("Page 16h keeps the last errors of the medium, the latest first, and nothing else", () => {
  const medium = tapeOf([10, 10, 10], new MemoryMedium({ barcode: "AB1234L8" }));
  const bench = new DriveBench({ medium, clock: () => 0x1234 });
  deepStrictEqual(page(bench, 0x16), []);
  bench.run(read(20)); // Another length than asked for is no error of the medium.
  bench.drive.addBadBlock({ object: 1 });
  for (let tries = 0; tries < 2; tries++) bench.run(read(10));
  bench.run([0x13, 0, 0, 0, 10]);
  const errors = page(bench, 0x16);
  deepStrictEqual(
    errors.map(({ code, value }) => [code, value[2], ...value.subarray(9, 12), value[24]]),
    [
      [0, 0x5e, 0x83, 0x11, 0x00, 0x13],
      [1, 0x5e, 0x83, 0x11, 0x00, 0x08],
      [2, 0x5e, 0x03, 0x11, 0x00, 0x08],
    ],
  );
  const [{ value }] = errors;
  strictEqual(new TextDecoder().decode(value.subarray(28, 60)).trim(), "AB1234L8");
  deepStrictEqual([...value.subarray(62, 68)], [0, 0, 0, 0, 0x12, 0x34]);
  for (let tries = 0; tries < 30; tries++) bench.run(read(10));
  strictEqual(page(bench, 0x16).length, 16);
  bench.drive.powerCycle();
  bench.run([0x00]);
  deepStrictEqual(page(bench, 0x16), []);
});

Deno.test("A serpentine of four wraps passes beginning and middle as often as it does", () => {
  const counts = new TransferCounts();
  const motion = {
    ...tapePersonalities.generic.motion,
    wraps: 4,
    windMs: 1000,
    settleMs: 0,
    bytesPerMs: 1,
  };
  const path = new TapePath(motion, counts);
  const passes =
    () => [counts.beginningPasses, counts.middlePasses, Math.round(counts.metres / 846 * 1000)];
  path.begin(0);
  path.transferredTo(0.2, 4000); // In the first wrap, four fifths along it.
  deepStrictEqual(passes(), [1, 1, 800]);
  path.transferredTo(0.55, 4000); // In the third, which began at the beginning.
  deepStrictEqual(passes(), [2, 2, 2200]);
  path.woundTo(0.25); // The end of the first wrap.
  deepStrictEqual(passes(), [2, 3, 3000]);
  path.woundTo(0);
  deepStrictEqual(passes(), [3, 4, 4000]);
  strictEqual(Math.round(counts.motionMs), 800 + 1400 + 800 + 1000);
});

Deno.test("A drive counts the tape that ran past its heads, and a rewind as what it is", () => {
  const bench = new DriveBench({
    medium: new MemoryMedium({ capacityBytes: 100 * MEGABYTE }),
    personality: {
      ...tapePersonalities.generic,
      motion: { ...tapePersonalities.generic.motion, wraps: 2 },
    },
  });
  writeMegabytes(bench, 40);
  bench.ok(writeFilemarks(0));
  const [written] = numbers(bench, 0x14, [4]);
  ok(Math.abs(written - 0.8 * 846) <= 1, `${written}`);
  bench.ok(REWIND);
  const [rewound] = numbers(bench, 0x14, [4]);
  ok(Math.abs(rewound - 1.6 * 846) <= 1, `${rewound}`);
  deepStrictEqual(numbers(bench, 0x17, [0x101, 0x102]), [2, 2]);
  bench.drive.eject();
  strictEqual(numbers(bench, 0x14, [4])[0], rewound);
});
