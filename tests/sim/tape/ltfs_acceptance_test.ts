/** What LTFS asks of a drive, in the order of a format, a mount, a write and a mount elsewhere. */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeLogPage } from "../../../scsi/log_pages.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { VirtualClock } from "../../../sim/tape/virtual_clock.ts";
import {
  DriveBench,
  nexus,
  read,
  summary,
  u32,
  u64,
  write,
  writeFilemarks,
} from "./drive_bench.ts";

const GB = 1e9;
const TUR = [0x00];
const LTFS_BLOCK = 524_288;

function locate(partition: number, object: number): number[] {
  return [0x92, 0x02, 0, partition, ...u64(object)];
}

function space(code: number, count: number): number[] {
  return [0x91, code, 0, 0, ...u64(count)];
}

/** A drive with a tape formatted as mkltfs does it: 1 GB for the index, the rest for the data. */
function formatted(capacityBytes = 10 * GB): DriveBench {
  const bench = new DriveBench({
    personality: tapePersonalities["ibm-ult3580-td6"],
    capacityBytes,
    earlyWarningBytes: 1_000_000,
  });
  bench.ok([0x1b, 0, 0, 0, 1]);
  const sense = bench.ok([0x5a, 0x08, 0x11, 0, 0, 0, 0, 0, 64]);
  const page = sense.slice(8);
  const list = new Uint8Array(20);
  list.set(page.subarray(0, 8), 8);
  list.set([0x11, 0x0a, 3, 1, 0x38, 3, 9, 0, 0, 1, 0xff, 0xff], 8);
  list[3] = 0x10;
  bench.ok([0x55, 0x10, 0, 0, 0, 0, 0, 0, list.length], list);
  bench.ok([0x04, 0, 1]);
  bench.ok([0x01]);
  return bench;
}

Deno.test("READ POSITION, long form, is right after every locate, space and filemark", () => {
  const bench = formatted();
  bench.ok(locate(1, 0));
  bench.ok(write(80), new Uint8Array(80));
  bench.ok(writeFilemarks(1));
  deepStrictEqual(bench.position(), { object: 2, file: 1, flags: 0 });
  for (let block = 0; block < 5; block++) bench.ok(write(100), new Uint8Array(100));
  bench.ok(writeFilemarks(2));
  deepStrictEqual(bench.position(), { object: 9, file: 3, flags: 0 });
  bench.ok(space(1, -2));
  deepStrictEqual(bench.position(), { object: 7, file: 1, flags: 0 });
  bench.ok(space(0, -3));
  deepStrictEqual(bench.position(), { object: 4, file: 1, flags: 0 });
  bench.ok(space(3, 0));
  deepStrictEqual(bench.position(), { object: 9, file: 3, flags: 0 });
  bench.ok(locate(1, 0));
  deepStrictEqual(bench.position(), { object: 0, file: 0, flags: 0x80 });
});

Deno.test("LOCATE beyond the end stands at end of data of the other partition", () => {
  const bench = formatted();
  bench.ok(locate(1, 0));
  bench.ok(write(80), new Uint8Array(80));
  bench.ok(locate(0, 0));
  strictEqual(summary(bench.run(locate(1, 77))), "8/0005");
  deepStrictEqual([bench.ok([0x34])[1], bench.position().object], [1, 1]);
});

Deno.test("The residue of SPACE is exact and never negative, a filemark met counts as not passed", () => {
  const bench = formatted();
  for (let block = 0; block < 3; block++) bench.ok(write(10), new Uint8Array(10));
  bench.ok(writeFilemarks(1));
  bench.ok(write(10), new Uint8Array(10));
  bench.ok([0x01]);
  strictEqual(summary(bench.run(space(0, 10))), "0/0001 FM 7");
  strictEqual(bench.position().object, 4);
  strictEqual(summary(bench.run(space(0, 10))), "8/0005 9");
  strictEqual(summary(bench.run(space(0, -10))), "0/0001 FM 9");
  strictEqual(bench.position().object, 3);
  strictEqual(summary(bench.run(space(1, -4))), "0/0004 EOM 4");
});

Deno.test("A block shorter than asked for is GOOD with SILI, and told with its length without", () => {
  const bench = formatted();
  bench.ok(write(1000), new Uint8Array(1000));
  bench.ok([0x01]);
  strictEqual(bench.ok(read(LTFS_BLOCK, { sili: true })).length, 1000);
  bench.ok([0x01]);
  strictEqual(summary(bench.run(read(LTFS_BLOCK))), `0/0000 ILI ${LTFS_BLOCK - 1000}`);
});

Deno.test("Early warnings have codes: 00/07 first, then 00/02, never 00/00, and the index still fits", () => {
  const bench = new DriveBench({ capacityBytes: 5_000_000, earlyWarningBytes: 1_000_000 });
  const extension = [0x50, 0x01, 0, 0x1c, 0, 0, 0, 1, ...Array(24).fill(0)];
  bench.ok([0x15, 0x10, 0, 0, 36], new Uint8Array([0, 0, 0x10, 0, ...extension]));
  const answers: string[] = [];
  for (let block = 0; block < 9; block++) {
    answers.push(summary(bench.run(write(LTFS_BLOCK), new Uint8Array(LTFS_BLOCK))));
  }
  deepStrictEqual(answers, [
    ...Array(5).fill("GOOD"),
    "0/0007 EOM 0",
    "GOOD",
    ...Array(2).fill("0/0002 EOM 0"),
  ]);
  strictEqual(summary(bench.run(writeFilemarks(1))), "0/0002 EOM 0");
  strictEqual(summary(bench.run(write(4000), new Uint8Array(4000))), "0/0002 EOM 0");
  strictEqual(summary(bench.run(writeFilemarks(1))), "0/0002 EOM 0");
});

Deno.test("WRITE FILEMARKS of none flushes; a long erase goes on and shows its progress", async () => {
  const clock = new VirtualClock();
  const bench = new DriveBench({
    bufferBytes: 1000,
    capacityBytes: GB,
    clock: clock.now,
    timing: { wait: clock.wait },
  });
  await bench.drive.execute({
    cdb: new Uint8Array([...write(100), 0]),
    dataOut: new Uint8Array(100),
    nexus: bench.nexus,
  });
  strictEqual(bench.ok([0x34])[15], 1);
  bench.ok(writeFilemarks(0, true));
  strictEqual(bench.ok([0x34])[15], 1);
  bench.ok(writeFilemarks(0));
  strictEqual(bench.ok([0x34])[15], 0);
  bench.ok([0x19, 0x03]);
  const sense = decodeSense(bench.ok([0x03, 0, 0, 0, 252]));
  deepStrictEqual([sense.key, sense.asc, sense.ascq], [0, 0x00, 0x18]);
  strictEqual(sense.senseKeySpecific?.kind, "progress");
});

Deno.test("FORMAT MEDIUM leaves both partitions blank, with their sizes", () => {
  const bench = formatted();
  for (const partition of [0, 1]) {
    bench.ok(locate(partition, 0));
    strictEqual(summary(bench.run(read(10))), "8/0005 10");
  }
  const { parameters } = decodeLogPage(bench.ok([0x4d, 0, 0x57, 0, 0, 0x02, 0x04, 4, 0]));
  const [{ value }] = parameters;
  strictEqual(value.length, 16);
  const view = new DataView(value.buffer, value.byteOffset);
  deepStrictEqual([view.getUint32(4), view.getUint32(12)], [1000, 9000]);
  const tape = decodeLogPage(bench.ok([0x4d, 0, 0x71, 0, 0, 0, 0, 4, 0])).parameters;
  strictEqual(tape.length, 4);
});

Deno.test("Block protection is off, and page 0A/F0 is there to turn it on", () => {
  const page = formatted().ok([0x5a, 0x08, 0x0a, 0xf0, 0, 0, 0, 0, 255]).subarray(8);
  deepStrictEqual([page[0], page[1], page.length, page[4], page[6]], [0x4a, 0xf0, 32, 0, 0]);
});

Deno.test("The lock of the volume, and everything else LTFS keeps in the memory, can be written and read", () => {
  const bench = formatted();
  const ids: [number, number, number][] = [
    [0x0800, 1, 8],
    [0x0801, 1, 32],
    [0x0802, 1, 8],
    [0x0803, 2, 160],
    [0x0804, 1, 12],
    [0x0805, 0, 1],
    [0x0806, 1, 32],
    [0x080b, 1, 16],
    [0x080c, 0, 0x46],
    [0x1623, 0, 1],
  ];
  for (const [id, format, length] of ids) {
    const entry = [id >> 8, id & 0xff, format, 0, length, ...Array(length).fill(0x41)];
    // LTFS counts the four bytes of the length itself.
    const list = new Uint8Array([...u32(entry.length + 4), ...entry]);
    bench.ok([0x8d, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...u32(list.length)], list);
    const found = bench.ok([0x8c, 0, 0, 0, 0, 0, 0, 0, id >> 8, id & 0xff, ...u32(9 + length)]);
    deepStrictEqual([...found.subarray(4)], entry);
  }
});

Deno.test("A second host meets a conflict, takes the reservation over, and the first hears of it", () => {
  const bench = formatted();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  const out = (from: typeof other, action: number, key: number, newKey: number) => {
    const list = new Uint8Array([...u64(key), ...u64(newKey), ...Array(8).fill(0)]);
    return summary(bench.run([0x5f, action, 3, 0, 0, 0, 0, 0, 24], list, from));
  };
  strictEqual(out(bench.nexus, 6, 0, 1), "GOOD");
  strictEqual(out(bench.nexus, 1, 1, 0), "GOOD");
  strictEqual(summary(bench.run(read(10), undefined, other)), "status 18");
  strictEqual(out(other, 6, 0, 2), "GOOD");
  strictEqual(out(other, 5, 2, 1), "GOOD");
  strictEqual(summary(bench.run(read(10), undefined, other)), "8/0005 10");
  strictEqual(summary(bench.run(TUR)), "6/2a05");
});

Deno.test("A locked cartridge stays, and a loaded one may be told of once", () => {
  const bench = new DriveBench();
  bench.ok([0x1e, 0, 0, 0, 1]);
  strictEqual(summary(bench.run([0x1b])), "5/5302");
  bench.ok([0x1e]);
  bench.ok([0x1b]);
  bench.ok([0x1b, 0, 0, 0, 1]);
  strictEqual(summary(bench.run(TUR)), "6/2800");
  strictEqual(summary(bench.run(TUR)), "GOOD");
});

Deno.test("On a cartridge written once the index can be added to, and nothing overwritten", () => {
  const bench = new DriveBench({ medium: new MemoryMedium({ worm: true }) });
  for (const length of [100, 100]) bench.ok(write(length), new Uint8Array(length));
  bench.ok(writeFilemarks(1));
  bench.locate(1);
  strictEqual(summary(bench.run(write(10), new Uint8Array(10))), "7/300c");
  bench.ok(space(3, 0));
  bench.ok(write(50), new Uint8Array(50));
  bench.ok(writeFilemarks(1));
  strictEqual(bench.drive.objects().length, 5);
});

Deno.test("After a new login the position is kept, or lost by a reset, and READ POSITION tells which", () => {
  for (const rewindOnReset of [false, true]) {
    const bench = new DriveBench({ rewindOnReset });
    for (let block = 0; block < 3; block++) bench.ok(write(10), new Uint8Array(10));
    bench.drive.nexusLost(bench.nexus);
    bench.drive.nexusEstablished(bench.nexus);
    strictEqual(summary(bench.run(TUR)), "6/2907");
    strictEqual(bench.position().object, 3);
    bench.drive.reset();
    strictEqual(summary(bench.run(TUR)), "6/2903");
    strictEqual(bench.position().object, rewindOnReset ? 0 : 3);
  }
});
