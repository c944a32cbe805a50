import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DriveBench, read, summary, tapeOf } from "./drive_bench.ts";

const TUR = [0x00];
const REQUEST_SENSE = [0x03, 0, 0, 0, 18];
const LOG_PAGE_2E = [0x4d, 0, 0x6e, 0, 0, 0, 0, 4, 0];

/** MODE SELECT of the informational exceptions page. */
function select(bench: DriveBench, flags: number, method: number): string {
  const page = [0x1c, 0x0a, flags, method, 0, 0, 0, 0, 0, 0, 0, 0];
  return summary(bench.run([0x15, 0x10, 0, 0, 16], new Uint8Array([0, 0, 0x10, 0, ...page])));
}

function asked(bench: DriveBench): number[] {
  const sense = bench.ok(REQUEST_SENSE);
  return [sense[2] & 0x0f, sense[12], sense[13]];
}

/** What the commands after the flag went up come to, by method. */
const METHODS: readonly (readonly [number, string, number[]])[] = [
  [0, "GOOD", [0, 0, 0]],
  [2, "6/5d00", [0, 0, 0]],
  [3, "1/5d00", [0, 0, 0]],
  [4, "1/5d00", [0, 0, 0]],
  [5, "0/5d00", [0, 0, 0]],
  [6, "GOOD", [0, 0x5d, 0]],
];

for (const [method, next, onRequest] of METHODS) {
  Deno.test(`With MRIE ${method}, a TapeAlert flag makes the next command ${next}, once`, () => {
    const bench = new DriveBench();
    strictEqual(select(bench, 0, method), "GOOD");
    bench.drive.raiseTapeAlert(20);
    bench.ok([0x12, 0, 0, 0, 36]);
    strictEqual(summary(bench.run(TUR)), next);
    deepStrictEqual(asked(bench), onRequest);
    strictEqual(summary(bench.run(TUR)), "GOOD");
    deepStrictEqual(asked(bench), [0, 0, 0]);
    bench.drive.raiseTapeAlert(20);
    strictEqual(summary(bench.run(TUR)), "GOOD", "it was up already");
    bench.ok(LOG_PAGE_2E);
    bench.drive.raiseTapeAlert(20);
    strictEqual(summary(bench.run(TUR)), next, "it was seen in between");
  });
}

Deno.test("By default health is told in log page 2Eh alone", () => {
  const bench = new DriveBench();
  bench.drive.raiseTapeAlert(3);
  strictEqual(summary(bench.run(TUR)), "GOOD");
  deepStrictEqual(asked(bench), [0, 0, 0]);
  strictEqual(bench.ok(LOG_PAGE_2E)[4 + 2 * 5 + 4], 1);
});

Deno.test("A read that tells of the drive's health brings its data all the same", () => {
  const bench = new DriveBench({ medium: tapeOf([10, 10]) });
  select(bench, 0, 4);
  bench.drive.raiseTapeAlert(21);
  const { data, ...answer } = bench.run(read(10));
  strictEqual(summary({ data, ...answer }), "1/5d00");
  deepStrictEqual(data, new Uint8Array(10));
  deepStrictEqual(bench.ok(read(10)), new Uint8Array(10).fill(1));
});

Deno.test("An error of its own comes first, and health with the next command", () => {
  const bench = new DriveBench({ medium: tapeOf([10]), writeProtected: true });
  select(bench, 0, 4);
  strictEqual(summary(bench.run([0x10, 0, 0, 0, 1])), "7/2700");
  strictEqual(summary(bench.run(TUR)), "1/5d00");
});

Deno.test("TEST asks for a false report; a reset forgets it", () => {
  const bench = new DriveBench();
  strictEqual(select(bench, 0x04, 6), "GOOD");
  deepStrictEqual(asked(bench), [0, 0x5d, 0xff]);
  strictEqual(select(bench, 0x0c, 6), "GOOD", "reports are disabled");
  deepStrictEqual(asked(bench), [0, 0, 0]);
  select(bench, 0x04, 6);
  bench.drive.reset();
  strictEqual(summary(bench.run(TUR)), "6/2903");
  deepStrictEqual(asked(bench), [0, 0, 0]);
});
