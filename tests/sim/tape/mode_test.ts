import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeModeParameters } from "../../../scsi/mode_parameters.ts";
import { tapePersonalities } from "../../../sim/personality.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { DriveBench, nexus, summary, tapeOf } from "./drive_bench.ts";

const CURRENT = 0x00;
const CHANGEABLE = 0x40;
const DEFAULT = 0x80;
const SAVED = 0xc0;
const ALL = 0x3f;

function sense(bench: DriveBench, page: number, control = CURRENT): number[] {
  return [...bench.ok([0x1a, 0x08, control | page, 0, 255]).subarray(4)];
}

function select(bench: DriveBench, list: readonly number[], from = bench.nexus): string {
  return summary(bench.run([0x15, 0x10, 0, 0, list.length], new Uint8Array(list), from));
}

function pointer(bench: DriveBench, list: readonly number[]): unknown {
  const answer = bench.run([0x15, 0x10, 0, 0, list.length], new Uint8Array(list));
  strictEqual(summary(answer), "5/2600");
  return answer.sense.senseKeySpecific;
}

const HEADER = [0, 0, 0x10, 0];
const DESCRIBED = [0, 0, 0x10, 8];
const CONTROL = [0x0a, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const COMPRESSION = [0x0f, 0x0e, 0xc0, 0x80, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0];

Deno.test("MODE SENSE gives header, block descriptor and pages in both forms", () => {
  const bench = new DriveBench();
  bench.setBlockBytes(0x012345);
  const six = bench.ok([0x1a, 0, 0x0f, 0, 255]);
  deepStrictEqual([...six], [
    27,
    0x88,
    0x10,
    8,
    ...[0x5e, 0, 0, 0, 0, 0x01, 0x23, 0x45],
    ...COMPRESSION,
  ]);
  const ten = bench.ok([0x5a, 0, 0x0f, 0, 0, 0, 0, 1, 0]);
  deepStrictEqual([...ten], [0, 30, 0x88, 0x10, 0, 0, 0, 8, ...six.subarray(4)]);
});

Deno.test("MODE SENSE tells of the partitions of a tape that was divided elsewhere", () => {
  const medium = new MemoryMedium();
  medium.format(3);
  const bench = new DriveBench({ medium });
  const [maximum, defined] = sense(bench, 0x11).slice(2);
  deepStrictEqual([maximum, defined], [3, 2]);
});

Deno.test("MODE SENSE cuts its answer to the allocation length", () => {
  const bench = new DriveBench();
  deepStrictEqual([...bench.ok([0x1a, 0, 0x0f, 0, 4])], [27, 0x88, 0x10, 8]);
  strictEqual(bench.ok([0x1a, 0, 0x0f, 0, 0]).length, 0);
});

Deno.test("MODE SENSE has the pages of an LTO drive, in order, and page 00h without any", () => {
  const bench = new DriveBench();
  const { pages } = decodeModeParameters(bench.ok([0x1a, 0, ALL, 0, 255]), 6);
  deepStrictEqual(pages.map(({ page }) => page), [
    0x01,
    0x02,
    0x0a,
    0x0f,
    0x10,
    0x11,
    0x1a,
    0x1c,
    0x1d,
  ]);
  strictEqual(bench.ok([0x1a, 0, 0, 0, 255]).length, 12);
  strictEqual(summary(bench.run([0x1a, 0, 0x07, 0, 255])), "5/2400");
  strictEqual(summary(bench.run([0x1a, 0, 0x0a, 1, 255])), "5/2400");
  const every = decodeModeParameters(bench.ok([0x1a, 0, ALL, 0xff, 255]), 6);
  deepStrictEqual(
    every.pages.filter(({ subpage }) => subpage > 0).map(({ page, subpage }) => [page, subpage]),
    [[0x0a, 0xf0], [0x10, 0x01]],
  );
  strictEqual(every.truncated, false);
});

Deno.test("MODE SENSE tells changeable and default values, and has no saved ones", () => {
  const bench = new DriveBench();
  strictEqual(select(bench, [...HEADER, ...CONTROL.with(2, 0x04)]), "GOOD");
  deepStrictEqual(sense(bench, 0x0a), CONTROL.with(2, 0x04));
  deepStrictEqual(sense(bench, 0x0a, DEFAULT), CONTROL);
  deepStrictEqual(sense(bench, 0x0a, CHANGEABLE), CONTROL.with(2, 0x04).with(4, 0x08));
  strictEqual(summary(bench.run([0x1a, 0, SAVED | 0x0a, 0, 255])), "5/3900");
});

Deno.test("MODE SELECT of what MODE SENSE gave changes nothing, for every page", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  const list = bench.ok([0x1a, 0, ALL, 0, 255]).slice();
  list[0] = 0;
  strictEqual(select(bench, [...list]), "GOOD");
  list[0] = 149;
  deepStrictEqual(pointer(bench, [...list]), { kind: "field", inCdb: false, byte: 0 });
  strictEqual(summary(bench.run([0x00], undefined, other)), "GOOD");
});

Deno.test("MODE SELECT that changes something is told to the other nexuses alone", () => {
  const bench = new DriveBench();
  const other = nexus("second");
  bench.drive.nexusEstablished(other);
  bench.setBlockBytes(512);
  strictEqual(summary(bench.run([0x00])), "GOOD");
  strictEqual(summary(bench.run([0x00], undefined, other)), "6/2a01");
  strictEqual(summary(bench.run([0x00], undefined, other)), "GOOD");
});

Deno.test("MODE SELECT refuses what cannot be changed, and points at it", () => {
  const bench = new DriveBench();
  const field = (byte: number, bit?: number) => ({
    kind: "field",
    inCdb: false,
    byte,
    ...(bit !== undefined && { bit }),
  });
  deepStrictEqual(pointer(bench, [...HEADER, ...COMPRESSION.with(2, 0x80)]), field(6, 6));
  deepStrictEqual(pointer(bench, [...HEADER, ...COMPRESSION.with(0, 0x8f)]), field(4, 7));
  deepStrictEqual(pointer(bench, [...HEADER, ...CONTROL.with(1, 0x09).slice(0, 11)]), field(5));
  deepStrictEqual(pointer(bench, [...HEADER, 0x07, 0x02, 0, 0]), field(4, 5));
  deepStrictEqual(pointer(bench, HEADER.with(2, 0x20)), field(2, 6));
  deepStrictEqual(pointer(bench, [...HEADER.with(3, 4), 0, 0, 0, 0]), field(3));
  deepStrictEqual(pointer(bench, [...DESCRIBED, 0x33, 0, 0, 0, 0, 0, 0, 0]), field(4));
  deepStrictEqual(pointer(bench, [...DESCRIBED, 0, 0, 0, 1, 0, 0, 0, 0]), field(5));
});

Deno.test("MODE SELECT applies all of its list or nothing", () => {
  const bench = new DriveBench();
  const descriptor = [0, 0, 0, 0, 0, 0, 2, 0];
  const list = [...DESCRIBED, ...descriptor, ...CONTROL.with(2, 4), ...COMPRESSION.with(3, 0)];
  strictEqual(select(bench, list), "5/2600");
  deepStrictEqual([...bench.ok([0x1a, 0, 0x0a, 0, 255]).subarray(9, 12)], [0, 0, 0]);
  deepStrictEqual(sense(bench, 0x0a), CONTROL);
});

Deno.test("MODE SELECT refuses a list that is cut", () => {
  const bench = new DriveBench();
  strictEqual(select(bench, [...HEADER, ...CONTROL].slice(0, 15)), "5/1a00");
  strictEqual(select(bench, HEADER.slice(0, 3)), "5/1a00");
  strictEqual(summary(bench.run([0x15, 0x10, 0, 0, 16], new Uint8Array(HEADER))), "5/1a00");
  strictEqual(summary(bench.run([0x15, 0x10, 0, 0, 0])), "GOOD");
  strictEqual(summary(bench.run([0x15, 0x11, 0, 0, 0])), "5/2400");
});

Deno.test("The block length keeps to the limits", () => {
  const blockLimits = { granularityExponent: 2, minBytes: 4, maxBytes: 1024 };
  const bench = new DriveBench({ blockLimits });
  deepStrictEqual([...bench.ok([0x05])], [2, 0, 4, 0, 0, 4]);
  const set = (bytes: number) =>
    select(bench, [...DESCRIBED, 0x7f, 0, 0, 0, 0, 0, bytes >> 8, bytes & 0xff]);
  deepStrictEqual([0, 4, 512, 1024].map(set), Array(4).fill("GOOD"));
  deepStrictEqual([2, 510, 1028].map(set), Array(3).fill("5/2600"));
  const write = (bytes: number) =>
    bench.run([0x0a, 0, 0, bytes >> 8, bytes], new Uint8Array(bytes));
  deepStrictEqual([4, 8, 1024].map((bytes) => summary(write(bytes))), Array(3).fill("GOOD"));
  deepStrictEqual([1, 6, 1028].map((bytes) => summary(write(bytes))), Array(3).fill("5/2400"));
});

Deno.test("Compression is one setting in two pages", () => {
  const bench = new DriveBench();
  const configuration = sense(bench, 0x10);
  strictEqual(configuration[14], 1);
  strictEqual(select(bench, [...HEADER, ...COMPRESSION.with(2, 0x40)]), "GOOD");
  strictEqual(sense(bench, 0x10)[14], 0);
  strictEqual(select(bench, [...HEADER, ...configuration]), "GOOD");
  strictEqual(sense(bench, 0x0f)[2], 0xc0);
});

Deno.test("Another density may be chosen at the beginning of the tape only", () => {
  const bench = new DriveBench({ medium: tapeOf([10]) });
  const choose = (code: number) => select(bench, [...DESCRIBED, code, 0, 0, 0, 0, 0, 0, 0]);
  bench.locate(1);
  strictEqual(choose(0x5c), "5/2600");
  bench.locate(0);
  strictEqual(choose(0x5c), "GOOD");
  strictEqual(bench.ok([0x1a, 0, 0, 0, 255])[4], 0x5c);
  strictEqual(choose(0x7f), "GOOD");
  strictEqual(bench.ok([0x1a, 0, 0, 0, 255])[4], 0x5c);
});

Deno.test("A density that the drive only reads cannot be chosen", () => {
  const personality = tapePersonalities["ibm-ult3580-td5"];
  const bench = new DriveBench({ personality, medium: new MemoryMedium() });
  strictEqual(select(bench, [...DESCRIBED, 0x44, 0, 0, 0, 0, 0, 0, 0]), "5/2600");
});
