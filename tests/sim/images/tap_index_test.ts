import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { ImageFile } from "../../../sim/images/image_file.ts";
import { indexPath, readIndex } from "../../../sim/images/tap_index.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { type TapContents, walkTap } from "../../../sim/images/tap_walk.ts";
import { withImage } from "./scratch_folder.ts";

/** More objects than an image may have without an index. */
const RECORDS = 17_000;
const SEAL = new Uint8Array([1, 2, 3]);

/** Records of 1 to 13 bytes, each hundredth sealed, and a filemark after each thousandth. */
function fill(path: string, records = RECORDS): void {
  const medium = TapMedium.open(path);
  const [tape] = medium.partitions;
  for (let n = 0; n < records; n++) {
    tape.appendRecord(new Uint8Array(1 + n % 13).fill(n), n % 100 === 0 ? SEAL : undefined);
    if (n % 1000 === 999) tape.appendFilemarks(1);
  }
  medium.close();
}

function withFile<Result>(path: string, use: (file: ImageFile) => Result): Result {
  const file = ImageFile.open(path, { create: false, readOnly: true });
  try {
    return use(file);
  } finally {
    file.close();
  }
}

const stored = (path: string) => withFile(path, readIndex);

function plain({ index, offsets, end }: TapContents) {
  return { columns: index.columns, offsets: offsets.values, end };
}

Deno.test("An image of many objects leaves an index that tells what a walk over the image finds", () =>
  withImage((path) => {
    fill(path);
    const found = stored(path);
    ok(found !== undefined);
    deepStrictEqual(plain(found), plain(withFile(path, walkTap)));
    const medium = TapMedium.open(path);
    strictEqual(medium.partitions[0].objectCount, RECORDS + 17);
    deepStrictEqual(medium.partitions[0].seal(100), SEAL);
    deepStrictEqual([...medium.partitions[0].read(11, 100)], new Array(12).fill(11));
    medium.close();
    ok(existsSync(indexPath(path)));
  }));

Deno.test("An image opened with its index grows and shrinks as any other, and leaves a new index", () =>
  withImage((path) => {
    fill(path);
    const medium = TapMedium.open(path);
    const [tape] = medium.partitions;
    tape.truncate(16_500);
    for (let n = 0; n < 100; n++) tape.appendRecord(new Uint8Array(5).fill(n), SEAL);
    tape.appendFilemarks(2);
    medium.close();
    const found = stored(path);
    ok(found !== undefined);
    strictEqual(found.index.objectCount, 16_602);
    deepStrictEqual(plain(found), plain(withFile(path, walkTap)));
  }));

Deno.test("A small image leaves no index", () =>
  withImage((path) => {
    fill(path, 100);
    ok(!existsSync(indexPath(path)));
  }));

Deno.test("The index goes before the image changes, so that a killed process leaves none that is old", () =>
  withImage((path) => {
    fill(path);
    const medium = TapMedium.open(path);
    medium.flush();
    ok(existsSync(indexPath(path)));
    medium.partitions[0].truncate(10);
    ok(!existsSync(indexPath(path)));
    medium.close();
    ok(!existsSync(indexPath(path)));
  }));

Deno.test("An index that is cut or altered anywhere counts for nothing", () =>
  withImage((path) => {
    fill(path);
    const whole = readFileSync(indexPath(path));
    const places = [0, 7, 8, 15, 16, 23, 31, 39, 47, 55, 63, 71, 72, whole.length - 1];
    for (let n = 0; n < 60; n++) places.push(Math.floor(whole.length * n / 60));
    for (const at of places) {
      const altered = new Uint8Array(whole);
      altered[at] ^= 0x80;
      writeFileSync(indexPath(path), altered);
      strictEqual(stored(path), undefined, `altered at ${at}`);
      writeFileSync(indexPath(path), whole.subarray(0, at));
      strictEqual(stored(path), undefined, `cut at ${at}`);
    }
    writeFileSync(indexPath(path), whole);
    notStrictEqual(stored(path), undefined);
  }));

Deno.test("The index of an image that has changed since counts for nothing, whatever its size and time say", () =>
  withImage((path) => {
    fill(path);
    const { atime, mtime } = statSync(path);
    const image = readFileSync(path);
    const change = (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      utimesSync(path, atime, mtime);
    };
    change(image);
    notStrictEqual(stored(path), undefined);
    const tail = new Uint8Array(image);
    tail[tail.length - 30_000] ^= 1;
    change(tail);
    strictEqual(stored(path), undefined);
    const headers = new Uint8Array(image);
    headers.fill(0x55, 0, 100);
    change(headers);
    strictEqual(stored(path), undefined);
    change(image);
    appendFileSync(path, new Uint8Array(4));
    utimesSync(path, atime, mtime);
    strictEqual(stored(path), undefined);
    change(image);
    utimesSync(path, atime, new Date(mtime.getTime() + 5));
    strictEqual(stored(path), undefined);
  }));

Deno.test("FORMAT MEDIUM takes the index along with what it told of", () =>
  withImage((path) => {
    fill(path);
    const medium = TapMedium.open(path);
    medium.format(2);
    ok(!existsSync(indexPath(path)));
    medium.close();
    const again = TapMedium.open(path);
    deepStrictEqual(again.partitions.map(({ objectCount }) => objectCount), [0, 0]);
    again.close();
  }));
