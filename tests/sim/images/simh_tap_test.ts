import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { ImageFormatError } from "../../../sim/images/errors.ts";
import { classifyWord, encodeRecord, recordSpan } from "../../../sim/images/simh_tap.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";
import { listObjects } from "../../../sim/tape/tape_object.ts";
import { withImage } from "./scratch_folder.ts";

const MARK = [0, 0, 0, 0];
const END_OF_MEDIUM = [0xff, 0xff, 0xff, 0xff];
const GAP = [0xfe, 0xff, 0xff, 0xff];

/** A record as the format has it. */
function record(data: number[], recordClass = 0): number[] {
  const word = [data.length & 0xff, data.length >> 8, 0, recordClass << 4];
  return [...word, ...data, ...(data.length % 2 === 1 ? [0] : []), ...word];
}

/** What an image holds, as text: the bytes of records, `bad` before damaged ones, `mark` for filemarks. */
function contents(path: string): { objects: string[]; warning: string | undefined } {
  const medium = TapMedium.open(path, { readOnly: true });
  try {
    const objects = listObjects(medium.partitions[0]).map((object) => {
      if (object.kind === "filemark") return "mark";
      return `${object.kind === "damaged" ? "bad " : ""}${object.data}`;
    });
    return { objects, warning: medium.warning && `${medium.warning.offset}` };
  } finally {
    medium.close();
  }
}

function check(path: string, image: number[], objects: string[], warning?: string): void {
  writeFileSync(path, new Uint8Array(image));
  deepStrictEqual(contents(path), { objects, warning });
}

Deno.test("A .tap image gives its records and tape marks, odd lengths padded", () =>
  withImage((path) => {
    check(path, [], []);
    const image = [
      ...record([1, 2, 3]),
      ...MARK,
      ...record([4, 5]),
      ...record([6]),
      ...MARK,
      ...MARK,
    ];
    check(path, image, ["1,2,3", "mark", "4,5", "6", "mark", "mark"]);
  }));

Deno.test("The end-of-medium marker ends a .tap image, whatever follows", () =>
  withImage((path) => {
    check(path, [...record([1]), ...END_OF_MEDIUM, 1, 2, 3], ["1"]);
  }));

Deno.test("Erase gaps, half gaps, private markers and private records are passed over", () =>
  withImage((path) => {
    const image = [
      ...GAP,
      ...record([1]),
      // The second half of one gap, then a whole one.
      ...GAP.slice(2),
      ...GAP,
      ...record([7, 7], 0x9),
      ...[1, 2, 3, 0xe4],
      ...record([2]),
      ...GAP,
    ];
    check(path, image, ["1", "2"]);
  }));

Deno.test("A record with the error bit is damaged", () =>
  withImage((path) => {
    check(path, [...record([1, 2], 0x8), ...record([3])], ["bad 1,2", "3"]);
  }));

Deno.test("Every class of word is what the format says", () => {
  deepStrictEqual(classifyWord(0x00000000), { kind: "filemark" });
  deepStrictEqual(classifyWord(0x00ffffff), { kind: "record", length: 0xffffff });
  deepStrictEqual(classifyWord(0x80000005), { kind: "damaged", length: 5 });
  deepStrictEqual(classifyWord(0xc0000005), { kind: "private", length: 5 });
  deepStrictEqual(classifyWord(0xd0000005), { kind: "seal", length: 5 });
  deepStrictEqual(classifyWord(0xe1234567), { kind: "skip", bytes: 4 });
  deepStrictEqual(classifyWord(0xfffffffe), { kind: "skip", bytes: 4 });
  deepStrictEqual(classifyWord(0xfffeffff), { kind: "skip", bytes: 2 });
  deepStrictEqual(classifyWord(0xffffffff), { kind: "end-of-medium" });
  for (const word of [0x10000000, 0x7fffffff, 0xf0000000, 0xfffffffd]) {
    deepStrictEqual(classifyWord(word), { kind: "reserved" });
  }
});

Deno.test("encodeRecord leaves nothing of what was in the buffer", () => {
  const dirty = new Uint8Array(recordSpan(3)).fill(0xaa);
  encodeRecord(dirty, 0, new Uint8Array([1, 2, 3]));
  deepStrictEqual([...dirty], record([1, 2, 3]));
});

Deno.test("A trailer that differs from its header is an error that tells where", () =>
  withImage((path) => {
    const image = [...record([1, 2]), ...record([3, 4])];
    image[10 + 4 + 2] = 9;
    writeFileSync(path, new Uint8Array(image));
    throws(() => contents(path), (error: unknown) => {
      ok(error instanceof ImageFormatError);
      strictEqual(error.offset, 16);
      ok(error.message.includes(path));
      ok(
        error.message.includes("offset 10 has header 00000002h but trailer 00000009h at offset 16"),
      );
      return true;
    });
    deepStrictEqual([...readFileSync(path)], image);
  }));

Deno.test("An image without the padding of odd records is recognized", () =>
  withImage((path) => {
    const unpadded = [3, 0, 0, 0, 1, 2, 3, 3, 0, 0, 0, ...record([4, 4])];
    writeFileSync(path, new Uint8Array(unpadded));
    throws(() => contents(path), /E11/);
  }));

Deno.test("A file that is no .tap image is refused, named, and left as it is", () =>
  withImage((path) => {
    const text = "To be or not to be";
    writeFileSync(path, text);
    throws(() => TapMedium.open(path), (error: unknown) => {
      ok(error instanceof ImageFormatError);
      strictEqual(error.offset, 0);
      strictEqual(error.path, path);
      ok(error.message.includes("found 62206F54h at offset 0"));
      return true;
    });
    strictEqual(readFileSync(path, "utf8"), text);
  }));

Deno.test("An image cut at any byte opens as a beginning of the tape, and takes writing from there", () =>
  withImage((path) => {
    const parts: [number[], string][] = [
      [record([1, 2, 3]), "1,2,3"],
      [MARK, "mark"],
      [record([4, 5]), "4,5"],
      [record([6], 0x8), "bad 6"],
      [MARK, "mark"],
    ];
    const whole = parts.flatMap(([bytes]) => bytes);
    for (let length = 0; length <= whole.length; length++) {
      const kept: string[] = [];
      let end = 0;
      for (const [bytes, object] of parts) {
        if (end + bytes.length > length) break;
        end += bytes.length;
        kept.push(object);
      }
      check(path, whole.slice(0, length), kept, end === length ? undefined : `${end}`);
      const medium = TapMedium.open(path);
      medium.partitions[0].appendRecord(new Uint8Array([9]));
      medium.close();
      deepStrictEqual([...readFileSync(path)], [...whole.slice(0, end), ...record([9])]);
    }
  }));
