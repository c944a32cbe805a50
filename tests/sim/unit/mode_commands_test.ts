import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeSense } from "../../../scsi/sense.ts";
import { decodeModeParameters } from "../../../scsi/mode_parameters.ts";
import { SimulatedLibrary } from "../../../sim/changer/simulated_library.ts";
import type { DeviceServer } from "../../../sim/device_server.ts";
import { RamDisk } from "../../../sim/disk/ram_disk.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { summary, UnitBench } from "./unit_bench.ts";

const CONTROL_PAGE = 0x0a;
const DBD = 0x08;

const UNITS: readonly (readonly [string, () => DeviceServer])[] = [
  ["drive", () => new SimulatedDrive({ medium: new MemoryMedium() })],
  ["disk", () => new RamDisk({ blocks: 10 })],
  ["changer", () => new SimulatedLibrary({ slots: 1, drives: 1 }).changer],
];

/** Whether a MODE SELECT is refused, and which byte and bit of its list the sense data points at. */
function refusal(bench: UnitBench, cdb: readonly number[], list: Uint8Array) {
  const result = bench.run(cdb, list);
  const specific = decodeSense(result.sense ?? new Uint8Array(0)).senseKeySpecific;
  const at = specific?.kind === "field" ? [specific.byte, specific.bit] : [];
  return [summary(result), ...at];
}

for (const [name, unit] of UNITS) {
  Deno.test(`MODE SENSE of a ${name} gives a page alone and with all its subpages, and the header without any`, () => {
    const bench = new UnitBench(unit());
    const alone = decodeModeParameters(bench.data([0x1a, DBD, CONTROL_PAGE, 0, 255, 0]), 6).pages;
    const all = decodeModeParameters(bench.data([0x1a, DBD, CONTROL_PAGE, 0xff, 255, 0]), 6).pages;
    deepStrictEqual(alone.map(({ page, subpage }) => [page, subpage]), [[CONTROL_PAGE, 0]]);
    deepStrictEqual(new Set(all.map(({ page }) => page)), new Set([CONTROL_PAGE]));
    deepStrictEqual(all[0], alone[0]);
    deepStrictEqual(decodeModeParameters(bench.data([0x1a, DBD, 0, 0, 255, 0]), 6).pages, []);
    strictEqual(bench.say([0x1a, DBD, CONTROL_PAGE, 0x77, 255, 0]), "5/2400");
    strictEqual(bench.say([0x1a, DBD, 0x2e, 0, 255, 0]), "5/2400");
    strictEqual(bench.say([0x1a, DBD, 0xc0 | CONTROL_PAGE, 0, 255, 0]), "5/3900");
  });

  Deno.test(`MODE SELECT of a ${name} points at what is wrong with a list, and takes in none of it`, () => {
    const bench = new UnitBench(unit());
    const good = bench.data([0x1a, DBD, CONTROL_PAGE, 0, 255, 0]);
    good[0] = good[2] = 0;
    const select = [0x15, 0x10, 0, 0, good.length, 0];
    const changed = (at: number, value: number) => {
      const list = good.slice();
      list[at] = value;
      return list;
    };
    deepStrictEqual(refusal(bench, select, changed(0, 9)), ["5/2600", 0, undefined]);
    deepStrictEqual(refusal(bench, select, changed(3, 4)), ["5/2600", 3, undefined]);
    deepStrictEqual(refusal(bench, select, changed(4, 0x80 | CONTROL_PAGE)), ["5/2600", 4, 7]);
    deepStrictEqual(refusal(bench, select, changed(5, 8)), ["5/2600", 5, undefined]);
    deepStrictEqual(refusal(bench, select, changed(7, 0x02)), ["5/2600", 7, 1]);
    const long = new Uint8Array(8 + good.length - 4);
    long.set(good.subarray(4), 8);
    long[4] = 1;
    const select10 = [0x55, 0x10, 0, 0, 0, 0, 0, 0, long.length, 0];
    deepStrictEqual(refusal(bench, select10, long), ["5/2600", 4, 0]);
    strictEqual(bench.say([0x15, 0x10, 0, 0, good.length - 1, 0], good), "5/1a00");
    strictEqual(bench.say([0x00], undefined, bench.second), "GOOD");
    strictEqual(bench.say(select, changed(6, 0x04)), "GOOD");
    strictEqual(bench.say([0x00], undefined, bench.second), "6/2a01");
  });
}
