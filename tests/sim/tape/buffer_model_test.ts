import { deepStrictEqual, ok } from "node:assert/strict";
import { DriveBench, write, writeFilemarks } from "./drive_bench.ts";

const STEPS = 2000;
const BUFFER_BYTES = 500;

/** Mulberry32. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function lengths(bench: DriveBench): (number | "mark")[] {
  return bench.drive.objects().map((each) => each.kind === "filemark" ? "mark" : each.data.length);
}

Deno.test("However often the power fails, the tape holds a beginning of what was written, and all that was flushed", () => {
  const seed = 20260321;
  console.log("seed", seed);
  const random = randomNumbers(seed);
  const bench = new DriveBench({ bufferBytes: BUFFER_BYTES });
  let written: (number | "mark")[] = [];
  let flushed = 0;
  for (let step = 0; step < STEPS; step++) {
    switch (random(12)) {
      case 0:
        bench.ok(writeFilemarks(0));
        flushed = written.length;
        break;
      case 1:
        bench.ok(writeFilemarks(1, true));
        written.push("mark");
        break;
      case 2: {
        const back = random(written.length + 1);
        bench.locate(back);
        bench.ok(write(7), new Uint8Array(7));
        written = [...written.slice(0, back), 7];
        flushed = Math.min(flushed, back);
        break;
      }
      case 3: {
        bench.drive.powerCycle();
        bench.run([0x00]);
        const left = lengths(bench);
        ok(
          left.length >= flushed,
          `${left.length} objects left of ${flushed} flushed, step ${step}`,
        );
        deepStrictEqual(left, written.slice(0, left.length));
        const lost = written.slice(left.length).reduce<number>(
          (sum, each) => sum + (each === "mark" ? 4 : each),
          0,
        );
        ok(lost <= BUFFER_BYTES, `${lost} bytes lost, step ${step}`);
        written = left;
        flushed = left.length;
        bench.ok([0x11, 3]);
        break;
      }
      default: {
        const length = 1 + random(120);
        bench.ok(write(length), new Uint8Array(length));
        written.push(length);
      }
    }
  }
  bench.ok([0x01]);
  deepStrictEqual(lengths(bench), written);
});
