import { strictEqual } from "node:assert/strict";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import type { SimulatedDriveOptions } from "../../../sim/tape/drive.ts";
import { DriveBench, read, space, summary, tapeOf, write, writeFilemarks } from "./drive_bench.ts";

const END_OF_PARTITION = 0x40;

/** Room for ten records of 100 bytes; early warning once no more than 300 bytes are left. */
const SMALL = { capacityBytes: 1000, earlyWarningBytes: 300 };

function bench(options: SimulatedDriveOptions = {}): DriveBench {
  return new DriveBench({ ...SMALL, ...options });
}

function writeRecord(on: DriveBench, length = 100): string {
  return summary(on.run(write(length), new Uint8Array(length)));
}

Deno.test("Every write from early warning on is accepted and says so; at the end nothing more is written", () => {
  const drive = bench();
  const answers = Array.from({ length: 12 }, () => writeRecord(drive));
  const warned = "0/0002 EOM 0";
  const full = "d/0002 EOM 100";
  const expected = [...Array(6).fill("GOOD"), ...Array(4).fill(warned), full, full];
  strictEqual(answers.join("\n"), expected.join("\n"));
  strictEqual(drive.position().object, 10);
  strictEqual(drive.position().flags, END_OF_PARTITION);
});

Deno.test("A fixed WRITE stops after the block that meets early warning, and writes one block beyond it", () => {
  const drive = bench();
  drive.setBlockBytes(100);
  const blocks = (count: number) =>
    summary(drive.run(write(count, { fixed: true }), new Uint8Array(count * 100)));
  strictEqual(blocks(9), "0/0002 EOM 2");
  strictEqual(drive.position().object, 7);
  strictEqual(blocks(5), "0/0002 EOM 4");
  strictEqual(blocks(2), "0/0002 EOM 1");
  strictEqual(blocks(1), "0/0002 EOM 0");
  strictEqual(blocks(3), "d/0002 EOM 3");
  strictEqual(drive.position().object, 10);
});

Deno.test("WRITE FILEMARKS meets early warning and the end as WRITE does", () => {
  const drive = bench();
  for (let record = 0; record < 9; record++) writeRecord(drive);
  strictEqual(summary(drive.run(writeFilemarks(2))), "0/0002 EOM 0");
  strictEqual(summary(drive.run(writeFilemarks(0))), "GOOD");
  strictEqual(summary(drive.run(writeFilemarks(30))), "d/0002 EOM 7");
  strictEqual(drive.position().object, 9 + 2 + 23);
});

Deno.test("Going back from the end gives room again", () => {
  const drive = bench();
  for (let record = 0; record < 10; record++) writeRecord(drive);
  drive.locate(2);
  strictEqual(drive.position().flags, 0);
  strictEqual(writeRecord(drive), "GOOD");
  strictEqual(drive.drive.objects().length, 3);
});

Deno.test("End of data in the early-warning zone has EOM", () => {
  const drive = bench();
  for (let record = 0; record < 8; record++) writeRecord(drive);
  strictEqual(summary(drive.run(read(100))), "8/0005 EOM 100");
  strictEqual(summary(drive.run(space(0, 1))), "8/0005 EOM 1");
  strictEqual(summary(drive.run(space(1, 1))), "8/0005 EOM 1");
});

Deno.test("Reading reports early warning only with REW", () => {
  const drive = bench({ medium: tapeOf(Array(8).fill(100)) });
  drive.locate(6);
  strictEqual(summary(drive.run(read(100))), "GOOD");
  drive.locate(5);
  const page = [0x10, 0x0e, 0, 0, 0, 0, 0, 0, 0x41, 0, 0x18, 0, 0, 0, 1, 0];
  drive.ok([0x15, 0x10, 0, 0, 20], new Uint8Array([0, 0, 0x10, 0, ...page]));
  strictEqual(summary(drive.run(read(100))), "GOOD");
  strictEqual(summary(drive.run(read(100))), "d/0002 EOM 0");
  strictEqual(drive.position().object, 7);
});

Deno.test("The capacity is the option's, else the cartridge's, else that of its density", () => {
  const remaining = (options: SimulatedDriveOptions) => {
    const data = new DriveBench(options).ok([0x4d, 0, 0x71, 0, 0, 0, 0, 0, 64]);
    return new DataView(data.buffer, data.byteOffset).getUint32(8);
  };
  const MIB = 1024 * 1024;
  strictEqual(remaining({ capacityBytes: 5 * MIB }), 5);
  const medium = new MemoryMedium({ capacityBytes: 7 * MIB });
  strictEqual(remaining({ medium }), 7);
  strictEqual(remaining({ medium, capacityBytes: 5 * MIB }), 5);
  strictEqual(remaining({}), Math.floor(12e12 / MIB));
  strictEqual(
    remaining({ medium: new MemoryMedium({ densityCode: 0x5c }) }),
    Math.floor(6e12 / MIB),
  );
});
