import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ImageFormatError } from "../../../sim/images/errors.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { type MediumState, MediumStoreError } from "../../../sim/tape/medium.ts";
import { listObjects } from "../../../sim/tape/tape_object.ts";
import { DriveBench, read, summary, u64, write, writeFilemarks } from "../tape/drive_bench.ts";
import { withImage } from "./scratch_folder.ts";

const PAGE_11 = [0, 0, 0x10, 0, 0x11, 0x0a, 3, 1, 0x38, 3, 9, 0, 0, 1, 0xff, 0xff];
const FORMAT = [0x04, 0, 1];
const FORMAT_DEFAULT = [0x04, 0, 0];

function open(path: string): DriveBench {
  return new DriveBench({ medium: TapMedium.open(path), capacityBytes: 1e10 });
}

function goTo(bench: DriveBench, partition: number, object: number): void {
  bench.ok([0x92, 0x02, 0, partition, ...u64(object)]);
}

/** An image of two partitions, with two records in the first and three in the second. */
async function partitioned(path: string): Promise<void> {
  const bench = open(path);
  bench.ok(write(50), new Uint8Array(50));
  bench.ok([0x01]);
  bench.ok([0x15, 0x10, 0, 0, 16], new Uint8Array(PAGE_11));
  bench.ok(FORMAT);
  bench.ok(write(10), new Uint8Array(10).fill(1));
  bench.ok(write(10), new Uint8Array(10).fill(1));
  goTo(bench, 1, 0);
  for (let record = 0; record < 3; record++) bench.ok(write(20), new Uint8Array(20).fill(2));
  bench.ok(writeFilemarks(1));
  await bench.drive.close();
}

function names(path: string): string[] {
  return readdirSync(dirname(path)).sort();
}

/** Lengths of the records of each partition, 0 for a filemark. */
function lengths(path: string): number[][] {
  const medium = TapMedium.open(path, { readOnly: true });
  try {
    return medium.partitions.map((partition) =>
      listObjects(partition).map((object) => object.kind === "filemark" ? 0 : object.data.length)
    );
  } finally {
    medium.close();
  }
}

Deno.test("Each of several partitions is a .tap file of its own, and all last with the position", () =>
  withImage(async (path) => {
    await partitioned(path);
    deepStrictEqual(names(path), ["image.p0.tap", "image.p1.tap", "image.tap.json"]);
    deepStrictEqual(lengths(path), [[10, 10], [20, 20, 20, 0]]);
    const bench = open(path);
    strictEqual(bench.ok([0x34])[1], 1);
    strictEqual(bench.position().object, 4);
    deepStrictEqual(bench.drive.medium?.state.partitionBytes, [1e9, 9e9]);
    goTo(bench, 0, 1);
    strictEqual(bench.ok(read(10))[0], 1);
    await bench.drive.close();
  }));

Deno.test("Formatting to one partition leaves one file", () =>
  withImage(async (path) => {
    await partitioned(path);
    const bench = open(path);
    goTo(bench, 0, 0);
    bench.ok(FORMAT_DEFAULT);
    bench.ok(write(7), new Uint8Array(7));
    await bench.drive.close();
    deepStrictEqual(names(path), ["image.tap", "image.tap.json"]);
    deepStrictEqual(lengths(path), [[7]]);
    const again = open(path);
    goTo(again, 0, 0);
    again.ok(FORMAT_DEFAULT);
    await again.drive.close();
    deepStrictEqual(lengths(path), [[]]);
  }));

Deno.test("Without its sidecar an image of several partitions is found by its files", () =>
  withImage(async (path) => {
    await partitioned(path);
    rmSync(`${path}.json`);
    deepStrictEqual(lengths(path), [[10, 10], [20, 20, 20, 0]]);
  }));

Deno.test("A partition whose file is missing is an error, and nothing is made in its place", () =>
  withImage(async (path) => {
    await partitioned(path);
    rmSync(join(dirname(path), "image.p1.tap"));
    throws(() => TapMedium.open(path), MediumStoreError);
    deepStrictEqual(names(path), ["image.p0.tap", "image.tap.json"]);
  }));

Deno.test("A kill while the tape is formatted leaves the old tape or the new one, whole", () =>
  withImage(async (path) => {
    await partitioned(path);
    const folder = dirname(path);
    const old = new Map(names(path).map((name) => [name, readFileSync(join(folder, name))]));
    const bench = open(path);
    goTo(bench, 0, 0);
    bench.ok(FORMAT_DEFAULT);
    await bench.drive.close();
    const now = readFileSync(`${path}.json`);
    // The new file is there before the sidecar says so, and the old ones until it has.
    for (const sidecar of [old.get("image.tap.json"), now]) {
      const scene = join(folder, sidecar === now ? "after" : "before");
      mkdirSync(scene);
      for (const [name, bytes] of old) writeFileSync(join(scene, name), bytes);
      writeFileSync(join(scene, "image.tap"), "");
      writeFileSync(join(scene, "image.tap.json"), sidecar!);
      const found = lengths(join(scene, "image.tap"));
      deepStrictEqual(found, sidecar === now ? [[]] : [[10, 10], [20, 20, 20, 0]]);
    }
  }));

Deno.test("An image with seals, cut at any byte, holds no record that cannot be read, and takes writing", () =>
  withImage((path) => {
    const seal = new Uint8Array(39).fill(7);
    const whole = TapMedium.open(path);
    const [partition] = whole.partitions;
    partition.appendRecord(new Uint8Array([1, 1, 1]), seal);
    partition.appendRecord(new Uint8Array([2, 2]));
    partition.appendRecord(new Uint8Array([3, 3, 3, 3]), seal);
    partition.appendFilemarks(1);
    whole.close();
    const size = statSync(path).size;
    const cut = join(dirname(path), "cut.tap");
    for (let length = 0; length <= size; length++) {
      rmSync(cut, { force: true });
      rmSync(`${cut}.json`, { force: true });
      copyFileSync(path, cut);
      copyFileSync(`${path}.json`, `${cut}.json`);
      truncateSync(cut, length);
      const medium = TapMedium.open(cut);
      const [found] = medium.partitions;
      const { objectCount } = found;
      ok(objectCount <= 4);
      for (const [object, isSealed] of [[0, true], [1, false], [2, true]] as const) {
        if (object < objectCount) strictEqual(found.seal(object) !== undefined, isSealed);
      }
      found.appendRecord(new Uint8Array([9, 9]));
      medium.close();
      const again = TapMedium.open(cut);
      strictEqual(again.warning, undefined);
      strictEqual(again.partitions[0].objectCount, objectCount + 1);
      strictEqual(again.partitions[0].seal(objectCount), undefined);
      deepStrictEqual([...again.partitions[0].read(objectCount, 9)], [9, 9]);
      again.close();
    }
  }));

Deno.test("A sealed record in the middle is cut off with its seal", () =>
  withImage((path) => {
    const medium = TapMedium.open(path);
    const [partition] = medium.partitions;
    partition.appendRecord(new Uint8Array([1, 1]));
    partition.appendRecord(new Uint8Array([2, 2]), new Uint8Array(10));
    medium.flush();
    partition.truncate(1);
    partition.appendRecord(new Uint8Array([3, 3]));
    medium.close();
    const again = TapMedium.open(path);
    strictEqual(again.partitions[0].objectCount, 2);
    strictEqual(again.partitions[0].seal(1), undefined);
    strictEqual(statSync(path).size, 20);
    again.close();
  }));

Deno.test("Whatever belongs to the cartridge lasts: label, memory, WORM, early warning, its life", () =>
  withImage(async (path) => {
    const medium = TapMedium.open(path);
    Object.assign(medium.state, { worm: true, barcode: "AB1234L8", earlyWarningBytes: 5000 });
    const first = new DriveBench({ medium, serialNumber: "ONE" });
    const value = new TextEncoder().encode("backup  ");
    const entry = [0x08, 0x00, 1, 0, 8, ...value];
    const list = new Uint8Array([0, 0, 0, entry.length, ...entry]);
    first.ok([0x8d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, list.length], list);
    first.ok(write(1000), new Uint8Array(1000));
    first.ok([0x01]);
    first.ok(read(1000));
    await first.drive.close();
    const again = new DriveBench({ medium: TapMedium.open(path), serialNumber: "TWO" });
    const state = again.drive.medium?.state as MediumState;
    deepStrictEqual(
      [state.worm, state.barcode, state.earlyWarningBytes, state.loadCount],
      [true, "AB1234L8", 5000, 2],
    );
    deepStrictEqual([state.bytesWritten, state.bytesRead], [1000, 1000]);
    strictEqual(state.volumeChangeReference, 1);
    strictEqual(state.lastDrives?.length, 2);
    const stored = again.ok([0x8c, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 17]);
    deepStrictEqual([...stored.subarray(9)], [...value]);
    again.ok([0x01]);
    strictEqual(summary(again.run(write(1), new Uint8Array(1))), "7/300c");
    await again.drive.close();
  }));

Deno.test("A sidecar with wrong fields is an error that names the field", () =>
  withImage((path) => {
    const wrong: Record<string, unknown> = {
      partitions: 0,
      worm: 1,
      barcode: 7,
      partitionBytes: [1, -1],
      attributes: [{ id: 1, partition: 0, format: 0, value: "xy" }],
      lastDrives: "one",
      loadCount: -1,
    };
    for (const [name, value] of Object.entries(wrong)) {
      const sidecar = { format: "uiscsi tape image", version: 1, [name]: value };
      writeFileSync(`${path}.json`, JSON.stringify(sidecar));
      throws(() => TapMedium.open(path), (error: unknown) => {
        ok(error instanceof ImageFormatError);
        ok(error.message.includes(name), error.message);
        return true;
      });
    }
    strictEqual(existsSync(`${path}.lock`), false);
    strictEqual(existsSync(path), false);
    strictEqual(basename(path), "image.tap");
  }));

Deno.test("A write-protected tape of several partitions without a sidecar keeps them all when its place is kept", () =>
  withImage((path) => {
    const made = TapMedium.open(path);
    made.format(2);
    for (const partition of made.partitions) partition.appendRecord(new Uint8Array(100));
    made.close();
    rmSync(`${path}.json`);
    const folder = dirname(path);
    const files = readdirSync(folder).filter((name) => name.endsWith(".tap"));
    for (const name of files) chmodSync(join(folder, name), 0o444);
    const first = TapMedium.open(path);
    first.state.object = 1;
    first.close();
    const second = TapMedium.open(path);
    strictEqual(second.partitions.length, 2);
    strictEqual(second.state.object, 1);
    second.close();
  }));
