import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { tapePersonalities, type TapePersonalityName } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { DriveBench, read, space, summary, tapeOf, write, writeFilemarks } from "./drive_bench.ts";

const ERASE = [0x19];
const FORMAT = [0x04];
const LOCATE = [0x2b];
const VERIFY = [0x13, 0, 0, 0, 10];
const DENSITY_OF_MEDIUM = [0x44, 1, 0, 0, 0, 0, 0, 1, 0];

/** A drive with a tape of this density. */
function drive(name: TapePersonalityName, densityCode: number): DriveBench {
  return new DriveBench({
    personality: tapePersonalities[name],
    medium: tapeOf([10, 10], new MemoryMedium({ densityCode })),
  });
}

/** TapeAlert flags that are up. */
function alerts(bench: DriveBench): number[] {
  const page = bench.ok([0x4d, 0, 0x6e, 0, 0, 0, 0, 4, 0]).subarray(4);
  return Array.from({ length: 64 }, (_, index) => index + 1)
    .filter((flag) => page[(flag - 1) * 5 + 4] === 1);
}

Deno.test("A tape of the generation before the last is read, and not written", () => {
  const bench = drive("ibm-ult3580-td5", 0x44);
  deepStrictEqual(alerts(bench), [17]);
  for (const cdb of [read(10), VERIFY, LOCATE, space(0, 1), LOCATE, DENSITY_OF_MEDIUM]) {
    strictEqual(summary(bench.run(cdb)), "GOOD", `${cdb}`);
  }
  strictEqual(summary(bench.run(write(10), new Uint8Array(10))), "7/3005");
  for (const cdb of [writeFilemarks(1), ERASE]) strictEqual(summary(bench.run(cdb)), "7/3005");
  strictEqual(summary(bench.run(FORMAT)), "7/3006");
  strictEqual(bench.drive.objects().length, 2);
});

Deno.test("A tape that the drive does not know is neither read nor written", () => {
  const bench = drive("ibm-ult3580-td5", 0x5e);
  deepStrictEqual(alerts(bench), [12]);
  for (const cdb of [read(10), VERIFY, LOCATE, space(0, 1)]) {
    strictEqual(summary(bench.run(cdb)), "3/3002", `${cdb}`);
  }
  strictEqual(summary(bench.run(write(10), new Uint8Array(10))), "7/3005");
  strictEqual(summary(bench.run(FORMAT)), "7/3006");
  strictEqual(summary(bench.run(DENSITY_OF_MEDIUM)), "3/3000");
  for (const cdb of [[0x00], [0x01], [0x1b]]) strictEqual(summary(bench.run(cdb)), "GOOD");
});

Deno.test("The density is the cartridge's: the next one is written again, and its flags are down", () => {
  const bench = drive("ibm-ult3580-td5", 0x5e);
  bench.drive.insert(new MemoryMedium({ densityCode: 0x46 }));
  bench.run([0x00]);
  deepStrictEqual(alerts(bench), []);
  bench.ok(write(10), new Uint8Array(10));
});

Deno.test("A drive of SCSI-2 has the pages of vital product data that SCSI-2 has", () => {
  const bench = new DriveBench({ personality: tapePersonalities["quantum-dlt8000"] });
  deepStrictEqual([...bench.ok([0x12, 1, 0, 0, 255]).subarray(4)], [0x00, 0x80, 0x83]);
  strictEqual(summary(bench.run([0x12, 1, 0xb0, 0, 255])), "5/2400");
});
