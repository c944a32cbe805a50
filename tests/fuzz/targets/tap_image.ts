/** SIMH .tap images: whatever the file holds, an index of what lies in it, or one error. */

import assert from "node:assert/strict";
import { ImageFormatError } from "../../../sim/images/errors.ts";
import type { ImageFile } from "../../../sim/images/image_file.ts";
import {
  encodeFilemark,
  encodeRecord,
  recordSpan,
  WORD_BYTES,
  writeWord,
} from "../../../sim/images/simh_tap.ts";
import { TapPartition } from "../../../sim/images/tap_partition.ts";
import { walkTap } from "../../../sim/images/tap_walk.ts";
import { concat } from "../../../transport/concat.ts";
import { type FuzzTarget, orDocumented } from "../fuzz_target.ts";

/** A file in memory, as far as the walk through an image needs one. */
class FileInMemory {
  readonly path = "fuzz.tap";
  reads = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  size(): number {
    return this.#bytes.length;
  }

  read(into: Uint8Array, at: number): number {
    this.reads++;
    const piece = this.#bytes.subarray(at, at + into.length);
    into.set(piece);
    return piece.length;
  }
}

export const tapImageTarget: FuzzTarget = {
  name: "tap-image",
  seeds: [
    concat([record(5), record(80), mark(), record(4096), word(0xffffffff), record(1)]),
    concat([record(9), word(0xfffffffe), word(0xe0000001), userRecord(0x9, 6), mark(), mark()]),
    concat([userRecord(0x8, 7), word(0xfffeffff), mark()]),
  ],
  tokens: [0, 1, 2, 0xffffffff, 0xfffffffe, 0xfffeffff, 0x80000004, 0xe0000000, 0x70000000].map(
    word,
  ),
  maxBytes: 16_384,
  run(input) {
    const file = new FileInMemory(input);
    const image = file as unknown as ImageFile;
    const contents = orDocumented(() => walkTap(image), ImageFormatError);
    assert.ok(file.reads <= 8 + input.length, "the way through the file is short");
    if (contents === undefined) return;
    assert.ok(contents.end <= input.length);
    // A partition has a large buffer of its own: not for every input.
    if (input.length % 16 === 0) check(new TapPartition(image), input.length);
  },
};

function check(partition: TapPartition, size: number): void {
  const { objectCount, filemarkCount } = partition;
  assert.ok(filemarkCount <= objectCount && objectCount * WORD_BYTES <= size);
  for (let object = 0; object < Math.min(objectCount, 40); object++) {
    if (partition.kind(object) === "filemark") continue;
    const length = partition.recordLength(object);
    assert.ok(length <= size);
    assert.equal(partition.read(object, 100).length, Math.min(length, 100));
  }
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(WORD_BYTES);
  writeWord(bytes, 0, value);
  return bytes;
}

function mark(): Uint8Array {
  const bytes = new Uint8Array(WORD_BYTES);
  encodeFilemark(bytes, 0);
  return bytes;
}

function record(length: number): Uint8Array {
  const bytes = new Uint8Array(recordSpan(length));
  encodeRecord(bytes, 0, new Uint8Array(length).fill(length));
  return bytes;
}

function userRecord(recordClass: number, length: number): Uint8Array {
  const bytes = record(length);
  const header = ((recordClass << 28) | length) >>> 0;
  writeWord(bytes, 0, header);
  writeWord(bytes, bytes.length - WORD_BYTES, header);
  return bytes;
}
