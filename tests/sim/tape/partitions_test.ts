import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeLogPage } from "../../../scsi/log_pages.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { DriveBench, read, space, summary, u64, write, writeFilemarks } from "./drive_bench.ts";

const GB = 1e9;
const HEADER = [0, 0, 0x10, 0];
const REWIND = [0x01];

/** Page 11h: additional partitions, flags, units, sizes. */
function partitionPage(
  additional: number,
  flags: number,
  units: number,
  sizes: number[],
): number[] {
  const list = sizes.flatMap((size) => [size >> 8, size & 0xff]);
  return [0x11, 6 + list.length, 3, additional, flags, 3, units, 0, ...list];
}

const IDP_POWER = 0x38;
const POFM = 0x04;
/** What LTFS asks for: 1 unit for the index, the rest for the data. */
const LTFS_PAGE = partitionPage(1, IDP_POWER, 9, [1, 0xffff]);

function select(bench: DriveBench, page: readonly number[]): string {
  const list = new Uint8Array([...HEADER, ...page]);
  return summary(bench.run([0x15, 0x10, 0, 0, list.length], list));
}

function bench(): DriveBench {
  return new DriveBench({ capacityBytes: 10 * GB });
}

function partitioned(): DriveBench {
  const drive = bench();
  strictEqual(select(drive, LTFS_PAGE), "GOOD");
  drive.ok([0x04, 0, 1]);
  return drive;
}

function locate(partition: number, object: number, destination = 0): number[] {
  return [0x92, (destination << 3) | 0x02, 0, partition, ...u64(object)];
}

function partitionOf(drive: DriveBench): number {
  return drive.ok([0x34])[1];
}

Deno.test("FORMAT MEDIUM makes the partitions that mode page 11h asked for, empty, with the tape at the beginning", () => {
  const drive = bench();
  drive.ok(write(10), new Uint8Array(10));
  drive.ok(REWIND);
  strictEqual(select(drive, LTFS_PAGE), "GOOD");
  strictEqual(drive.drive.objects().length, 1);
  drive.ok([0x04, 0, 1]);
  deepStrictEqual(drive.drive.medium?.state.partitionBytes, [1 * GB, 9 * GB]);
  strictEqual(drive.drive.objects(0).length, 0);
  strictEqual(drive.drive.objects(1).length, 0);
  const page = [...drive.ok([0x1a, 0x08, 0x11, 0, 255]).subarray(4)];
  deepStrictEqual(page, [0x11, 14, 3, 1, IDP_POWER | POFM, 3, 9, 0, 0, 1, 0, 9, 0, 0, 0, 0]);
});

Deno.test("Each partition has its own objects, numbers and end of data; LOCATE changes to it", () => {
  const drive = partitioned();
  drive.ok(write(10), new Uint8Array(10).fill(1));
  drive.ok(writeFilemarks(1));
  drive.ok(locate(1, 0));
  strictEqual(partitionOf(drive), 1);
  strictEqual(summary(drive.run(read(20))), "8/0005 20");
  for (let record = 0; record < 3; record++) drive.ok(write(20), new Uint8Array(20).fill(2));
  drive.ok(writeFilemarks(2));
  deepStrictEqual(drive.position(), { object: 5, file: 2, flags: 0 });
  drive.ok(locate(0, 2));
  deepStrictEqual(drive.position(), { object: 2, file: 1, flags: 0 });
  strictEqual(summary(drive.run(locate(1, 99))), "8/0005");
  deepStrictEqual([partitionOf(drive), drive.position().object], [1, 5]);
  drive.ok(locate(1, 1, 1));
  strictEqual(drive.position().object, 4);
  drive.ok(locate(0, 0, 3));
  deepStrictEqual([partitionOf(drive), drive.position().object], [0, 2]);
  strictEqual(summary(drive.run(locate(2, 0))), "5/2400");
  drive.ok([0x2b, 0x02, 0, 0, 0, 0, 3, 0, 1]);
  deepStrictEqual([partitionOf(drive), drive.position().object], [1, 3]);
  drive.ok(REWIND);
  deepStrictEqual([partitionOf(drive), drive.position().flags], [1, 0x80]);
});

Deno.test("The active partition is in mode page 10h, and the capacity of each in log page 17h and 31h", () => {
  const drive = partitioned();
  drive.ok(locate(1, 0));
  strictEqual(drive.ok([0x1a, 0x08, 0x10, 0, 255])[4 + 3], 1);
  const { parameters } = decodeLogPage(drive.ok([0x4d, 0, 0x57, 0, 0, 0x02, 0x02, 4, 0]));
  const record = (partition: number, megabytes: number) => [
    ...[7, 0, 0, partition],
    ...u64(megabytes).slice(4),
  ];
  deepStrictEqual(parameters.map(({ value }) => [...value]), [
    [...record(0, 1000), ...record(1, 9000)],
    [...record(0, 0), ...record(1, 0)],
    [...record(0, 1000), ...record(1, 9000)],
  ]);
});

Deno.test("Early warning and the end are those of the partition", () => {
  const drive = new DriveBench({ capacityBytes: 2000, earlyWarningBytes: 100 });
  strictEqual(select(drive, partitionPage(1, 0x20, 0, [400, 0xffff])), "GOOD");
  drive.ok([0x04, 0, 1]);
  const put = () => summary(drive.run(write(150), new Uint8Array(150)));
  deepStrictEqual([put(), put(), put()], ["GOOD", "0/0002 EOM 0", "d/0002 EOM 150"]);
  drive.ok(locate(1, 0));
  deepStrictEqual([put(), put(), put()], ["GOOD", "GOOD", "GOOD"]);
});

Deno.test("FORMAT MEDIUM 0 leaves one partition, 2 makes the planned ones, and both drop what was there", () => {
  for (const [format, partitions] of [[0, 1], [2, 2]]) {
    const drive = partitioned();
    drive.ok(write(10), new Uint8Array(10));
    drive.ok(locate(1, 0));
    drive.ok(write(10), new Uint8Array(10));
    drive.ok(locate(0, 0));
    drive.ok([0x04, 0, format]);
    strictEqual(drive.drive.medium?.partitions.length, partitions);
    strictEqual(drive.drive.objects(0).length + drive.drive.objects(1).length, 0);
  }
});

Deno.test("FORMAT MEDIUM and SET CAPACITY are refused away from the beginning, and on a protected tape", () => {
  const drive = bench();
  drive.ok(writeFilemarks(1));
  strictEqual(summary(drive.run([0x04, 0, 0])), "5/3b0c");
  strictEqual(summary(drive.run([0x0b, 0, 0, 0x80, 0])), "5/3b0c");
  drive.ok(REWIND);
  strictEqual(summary(drive.run([0x04, 0, 3])), "5/2400");
  const locked = new DriveBench({ medium: new MemoryMedium({ writeProtected: true }) });
  strictEqual(summary(locked.run([0x04, 0, 0])), "7/2700");
});

Deno.test("SET CAPACITY takes a share of the tape, and drops contents and partitions", () => {
  const drive = partitioned();
  drive.ok(write(10), new Uint8Array(10));
  drive.ok(REWIND);
  drive.ok([0x0b, 0, 0, 0x80, 0x00]);
  strictEqual(drive.drive.medium?.partitions.length, 1);
  strictEqual(drive.drive.objects().length, 0);
  const { parameters } = decodeLogPage(drive.ok([0x4d, 0, 0x57, 0, 0, 0x02, 0x02, 4, 0]));
  const megabytes = Math.floor(10_000 * 0x8000 / 0xffff);
  deepStrictEqual([...parameters[0].value], [7, 0, 0, 0, ...u64(megabytes).slice(4)]);
  strictEqual(summary(drive.run([0x0b, 0, 0, 0, 0])), "5/2400");
});

Deno.test("Mode page 11h refuses what the tape cannot have", () => {
  const drive = new DriveBench({
    personality: tapePersonalities["ibm-ult3580-td5"],
    capacityBytes: 10 * GB,
  });
  strictEqual(select(drive, partitionPage(2, IDP_POWER, 9, [1, 1, 0xffff])), "5/2600");
  strictEqual(select(drive, partitionPage(1, IDP_POWER, 9, [11, 0xffff])), "5/2600");
  strictEqual(select(drive, partitionPage(1, IDP_POWER, 9, [0xffff, 0xffff])), "5/2600");
  strictEqual(select(drive, partitionPage(1, IDP_POWER, 9, [1])), "5/2600");
  strictEqual(select(drive, partitionPage(1, 0x18, 9, [1, 0xffff])), "5/2600");
  strictEqual(select(drive, partitionPage(1, 0x80, 9, [0])), "GOOD");
  drive.ok([0x04, 0, 1]);
  deepStrictEqual(drive.drive.medium?.state.partitionBytes, [5 * GB, 5 * GB]);
});

Deno.test("Spacing stays in its partition", () => {
  const drive = partitioned();
  drive.ok(writeFilemarks(3));
  drive.ok(locate(1, 0));
  strictEqual(summary(drive.run(space(1, 1))), "8/0005 1");
  strictEqual(summary(drive.run(space(0, -1))), "0/0004 EOM 1");
});

Deno.test("Mode page 11h tells the sizes of small partitions in units in which they can be told", () => {
  for (
    const [capacityBytes, [units, ...sizes], told] of [
      [1_000_000, [3, 100, 0xffff], [5, 1, 9]],
      [1_000_000, [4, 15, 0xffff], [4, 15, 85]],
      [300_000_000, [6, 50, 0xffff], [7, 5, 25]],
      [12_000 * GB, [9, 1, 0xffff], [9, 1, 11_999]],
      [12_000 * GB, [6, 5, 0xffff], [6, 5, 0xffff]],
      [12_000 * GB, [4, 10_486, 0xffff], [4, 10_486, 0xffff]],
      [12_000 * GB, [6, 0xffff, 1500], [8, 0xffff, 15]],
      [123_456_789, [6, 1, 0xffff], [6, 1, 0xffff]],
      [123_456_789, [0, 12_345, 0xffff], [0, 12_345, 0xffff]],
    ] as const
  ) {
    const drive = new DriveBench({ capacityBytes });
    const read = () => [...drive.ok([0x1a, 0x08, 0x11, 0, 255]).subarray(4)];
    strictEqual(select(drive, partitionPage(1, IDP_POWER, units, sizes)), "GOOD");
    drive.ok([0x04, 0, 1]);
    const page = read();
    deepStrictEqual([page[6], page[8] << 8 | page[9], page[10] << 8 | page[11]], told);
    // Sent back as it was read it asks for nothing else.
    strictEqual(select(drive, page), "GOOD");
    deepStrictEqual(read(), page);
  }
});
