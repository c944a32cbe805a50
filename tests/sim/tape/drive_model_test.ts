import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { DriveBench, read, space, summary, write, writeFilemarks } from "./drive_bench.ts";

const STEPS = 1500;

/** A tape as plainly as can be: a list of lengths, `undefined` for a filemark, and a cursor that walks one by one. */
class Model {
  objects: (number | undefined)[] = [];
  cursor = 0;

  write(length: number | undefined): string {
    this.objects.splice(this.cursor++, Infinity, length);
    return "GOOD";
  }

  read(length: number): string {
    if (this.cursor === this.objects.length) return `8/0005 ${length}`;
    const actual = this.objects[this.cursor++];
    if (actual === undefined) return `0/0001 FM ${length}`;
    return actual === length ? "GOOD" : `0/0000 ILI ${length - actual}`;
  }

  space(code: number, count: number): string {
    const step = Math.sign(count);
    for (let left = Math.abs(count); left > 0;) {
      const atEnd = step > 0 ? this.cursor === this.objects.length : this.cursor === 0;
      if (atEnd) return step > 0 ? `8/0005 ${left}` : `0/0004 EOM ${left}`;
      const met = this.objects[step > 0 ? this.cursor : this.cursor - 1];
      this.cursor += step;
      if (code === 0 && met === undefined) return `0/0001 FM ${left}`;
      if (code === 0 || met === undefined) left--;
    }
    return "GOOD";
  }

  locate(object: number): string {
    this.cursor = Math.min(object, this.objects.length);
    return object > this.objects.length ? "8/0005" : "GOOD";
  }
}

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

function step(bench: DriveBench, model: Model, random: (below: number) => number): void {
  const length = 1 + random(40);
  const count = random(13) - 6;
  const object = random(model.objects.length + 3);
  const does: [() => string, number[], number?][] = [
    [() => model.write(length), write(length), length],
    [() => model.write(length), write(length), length],
    [() => model.write(undefined), writeFilemarks(1)],
    [() => model.read(length), read(length)],
    [() => model.space(0, count), space(0, count)],
    [() => model.space(1, count), space(1, count)],
    [() => model.locate(object), [0x2b, 0, 0, 0, 0, 0, object]],
    [() => model.locate(0), [0x01]],
    [() => model.locate(model.objects.length), space(3, 0)],
    [() => model.locate(model.objects.length), space(3, 0)],
  ];
  const [expect, cdb, dataOut = 0] = does[random(does.length)];
  const before = model.cursor;
  const expected = expect();
  const answer = summary(bench.run(cdb, new Uint8Array(dataOut).fill(model.objects.length)));
  strictEqual(answer, expected, `${cdb} at ${before}`);
  const file = model.objects.slice(0, model.cursor).filter((kept) => kept === undefined).length;
  const { object: at, file: inFile } = bench.position();
  deepStrictEqual({ at, inFile }, { at: model.cursor, inFile: file }, `${cdb} at ${before}`);
}

function lengths(bench: DriveBench): (number | undefined)[] {
  return bench.drive.objects().map((kept) =>
    kept.kind === "filemark" ? undefined : kept.data.length
  );
}

Deno.test("A drive on memory does what a list and a cursor do, whatever the commands", () => {
  const seed = 20260301;
  console.log(`seed ${seed}`);
  const random = randomNumbers(seed);
  const bench = new DriveBench();
  const model = new Model();
  for (let done = 0; done < STEPS; done++) step(bench, model, random);
  deepStrictEqual(lengths(bench), model.objects);
});

Deno.test("A drive on a .tap file does the same, over any number of runs", async () => {
  const seed = 20260302;
  console.log(`seed ${seed}`);
  const random = randomNumbers(seed);
  const folder = mkdtempSync(join(tmpdir(), "tap-model-"));
  try {
    const model = new Model();
    for (let run = 0; run < 15; run++) {
      const bench = new DriveBench({ medium: TapMedium.open(join(folder, "model.tap")) });
      deepStrictEqual(lengths(bench), model.objects);
      strictEqual(bench.position().object, model.cursor);
      for (let done = 0; done < STEPS / 15; done++) step(bench, model, random);
      await bench.drive.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
