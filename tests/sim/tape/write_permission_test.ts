import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import {
  DriveBench,
  type Layout,
  summary,
  tapeOf,
  u64,
  write,
  writeFilemarks,
} from "./drive_bench.ts";

const FM = undefined;
const TEN = new Uint8Array(10);
const MEGABYTE = 1_000_000;

function worm(layout: Layout): DriveBench {
  return new DriveBench({ medium: tapeOf(layout, new MemoryMedium({ worm: true })) });
}

function writeAt(bench: DriveBench, object: number): string {
  bench.locate(object);
  return summary(bench.run(write(10), TEN));
}

function extension(bench: DriveBench, writeMode: number, pewsMegabytes: number): void {
  const page = [0x50, 0x01, 0, 0x1c, 0, writeMode << 4, 0, pewsMegabytes, ...Array(24).fill(0)];
  bench.ok([0x15, 0x10, 0, 0, 36], new Uint8Array([0, 0, 0x10, 0, ...page]));
}

const REFUSED = "7/300c";

/** Where a tape that is written once may be written. */
const APPEND_POINTS: { name: string; layout: Layout; at: number; answer: string }[] = [
  { name: "end of data", layout: [10, 10], at: 2, answer: "GOOD" },
  { name: "a blank tape", layout: [], at: 0, answer: "GOOD" },
  { name: "a record ahead", layout: [10, 10], at: 1, answer: REFUSED },
  { name: "filemarks alone ahead, one behind", layout: [10, FM, FM, FM], at: 2, answer: "GOOD" },
  { name: "filemarks alone ahead, a record behind", layout: [10, FM], at: 1, answer: REFUSED },
  { name: "the beginning, filemarks alone", layout: [FM, FM], at: 0, answer: "GOOD" },
  { name: "the beginning, a label", layout: [10, 10, FM], at: 0, answer: "GOOD" },
  { name: "the beginning, a record and no filemark", layout: [10], at: 0, answer: REFUSED },
  { name: "the beginning, three records", layout: [10, 10, 10, FM], at: 0, answer: REFUSED },
  { name: "the beginning, a filemark between", layout: [10, FM, 10], at: 0, answer: REFUSED },
];

for (const { name, layout, at, answer } of APPEND_POINTS) {
  Deno.test(`A cartridge written once, at ${name}: ${answer}`, () => {
    const bench = worm(layout);
    strictEqual(writeAt(bench, at), answer);
    if (answer === "GOOD") return;
    strictEqual(bench.drive.objects().length, layout.length);
    strictEqual(summary(bench.run(writeFilemarks(1))), REFUSED);
    strictEqual(summary(bench.run([0x19])), REFUSED);
  });
}

Deno.test("A cartridge written once cannot be formatted, and mode pages, log and density report tell of it", () => {
  const bench = worm([10]);
  bench.locate(0);
  strictEqual(summary(bench.run([0x04, 0, 0])), REFUSED);
  deepStrictEqual([...bench.ok([0x1a, 0x08, 0x1d, 0, 255]).subarray(4 + 2, 4 + 6)], [1, 0, 1, 2]);
  strictEqual(bench.ok([0x1a, 0, 0, 0, 255])[1], 0x8c);
  const types = bench.ok([0x44, 3, 0, 0, 0, 0, 0, 0, 255]);
  strictEqual(types[4], 0x8c);
  strictEqual(bench.ok([0x8c, 0, 0, 0, 0, 0, 0, 0, 4, 8, 0, 0, 0, 10])[9], 0x80);
});

Deno.test("A label that may be written anew cannot be erased", () => {
  const bench = worm([10, FM]);
  bench.locate(0);
  strictEqual(summary(bench.run([0x19])), REFUSED);
  strictEqual(summary(bench.run(write(10), TEN)), "GOOD");
  strictEqual(summary(bench.run([0x19])), "GOOD");
});

Deno.test("An attempt to overwrite a cartridge written once raises TapeAlert 60", () => {
  const bench = worm([10, 10]);
  strictEqual(writeAt(bench, 1), REFUSED);
  strictEqual(bench.ok([0x4d, 0, 0x40 | 0x2e, 0, 0, 0, 60, 0, 9])[8], 1);
});

Deno.test("In append-only mode only ALLOW OVERWRITE lets data be overwritten, once, and there", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10, 10]) });
  const allow = (object: number) => [0x82, 0, 1, 0, ...u64(object)];
  strictEqual(summary(bench.run(allow(0))), "5/200c");
  extension(bench, 1, 0);
  strictEqual(writeAt(bench, 1), "7/5a02");
  strictEqual(summary(bench.run(allow(2))), "5/2c00");
  bench.ok(allow(1));
  strictEqual(summary(bench.run(write(10), TEN)), "GOOD");
  strictEqual(summary(bench.run(write(10), TEN)), "GOOD");
  strictEqual(writeAt(bench, 1), "7/5a02");
  bench.locate(0);
  strictEqual(summary(bench.run([0x04, 0, 0])), "7/5a02");
  bench.ok([0x82, 0, 2]);
  bench.ok([0x04, 0, 0]);
  strictEqual(bench.drive.objects().length, 0);
});

Deno.test("Programmable early warning is told once each time its zone is entered, before early warning", () => {
  const bench = new DriveBench({ capacityBytes: 10 * MEGABYTE, earlyWarningBytes: 2 * MEGABYTE });
  extension(bench, 0, 3);
  const put = () => summary(bench.run(write(MEGABYTE), new Uint8Array(MEGABYTE)));
  const answers = Array.from({ length: 11 }, put);
  const expected = [
    ...Array(4).fill("GOOD"),
    "0/0007 EOM 0",
    ...Array(2).fill("GOOD"),
    ...Array(3).fill("0/0002 EOM 0"),
    `d/0002 EOM ${MEGABYTE}`,
  ];
  strictEqual(answers.join("\n"), expected.join("\n"));
  strictEqual(bench.position().flags, 0x41);
  bench.locate(2);
  strictEqual(bench.position().flags, 0);
  strictEqual([put(), put(), put(), put()].join(), "GOOD,GOOD,0/0007 EOM 0,GOOD");
});

Deno.test("A motion out of the programmable early-warning zone lets it be told again, as another tape does", () => {
  const options = { capacityBytes: 4 * MEGABYTE, earlyWarningBytes: MEGABYTE };
  const bench = new DriveBench(options);
  extension(bench, 0, 1);
  const put = () => summary(bench.run(write(2 * MEGABYTE), new Uint8Array(2 * MEGABYTE)));
  strictEqual(put(), "0/0007 EOM 0");
  bench.ok([0x01]);
  strictEqual(put(), "0/0007 EOM 0");
  bench.drive.insert(new MemoryMedium());
  bench.run([0x00]);
  strictEqual(put(), "0/0007 EOM 0");
  bench.locate(1);
  strictEqual(summary(bench.run(writeFilemarks(1))), "GOOD", "still in the zone");
});

Deno.test("WRITE FILEMARKS enters the programmable early-warning zone as WRITE does", () => {
  const bench = new DriveBench({ capacityBytes: 4 * MEGABYTE, earlyWarningBytes: MEGABYTE });
  extension(bench, 0, 1);
  bench.ok(write(2 * MEGABYTE - 2), new Uint8Array(2 * MEGABYTE - 2));
  strictEqual(summary(bench.run(writeFilemarks(1))), "0/0007 EOM 0");
  strictEqual(summary(bench.run(writeFilemarks(1))), "GOOD");
});

Deno.test("The volume change reference changes once a load, with the first change", () => {
  const medium = new MemoryMedium();
  const bench = new DriveBench({ medium });
  const reference = () => bench.ok([0x8c, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 13])[12];
  strictEqual(reference(), 0);
  bench.ok(write(10), TEN);
  bench.ok(write(10), TEN);
  strictEqual(reference(), 1);
  bench.ok([0x1b]);
  bench.ok([0x1b, 0, 0, 0, 1]);
  bench.run([0x00]);
  strictEqual(reference(), 1);
  bench.ok(writeFilemarks(1));
  strictEqual(reference(), 2);
});
