/**
 * TPC: records behind a little-endian length of two bytes, padded to an even length, 0 for a tape mark and FFFFh for the
 * end. Nothing in it tells it from any other file, so that it goes by its name alone.
 *
 * @module
 */

import type { ImageFile } from "../image_file.ts";
import { paddedLength } from "../simh_tap.ts";
import { type ForeignContents, type ImageReader, ImageWalk, readAgain } from "./image_reader.ts";

const NAME = "a TPC image";
const LENGTH_BYTES = 2;
const END_OF_MEDIUM = 0xffff;

/** Reads them. */
export const tpcReader: ImageReader = {
  walk,
  read: (file, offset, length) => readAgain(file, offset + LENGTH_BYTES, length),
};

function walk(file: ImageFile): ForeignContents {
  const walk = new ImageWalk(file, NAME);
  let at = 0;
  while (at < walk.size) {
    const [low, high] = walk.peek(at, LENGTH_BYTES);
    if (high === undefined) return walk.done("tpc", at, "Cut within a header");
    const length = low | high << 8;
    if (length === END_OF_MEDIUM) break;
    if (length === 0) walk.filemark(at);
    else {
      // The pad behind the last record may be missing.
      if (at + LENGTH_BYTES + length > walk.size) {
        return walk.done("tpc", at, `Cut within a record of ${length} bytes`);
      }
      walk.record(at, length);
    }
    at += LENGTH_BYTES + paddedLength(length);
  }
  return walk.done("tpc", Math.min(at, walk.size));
}
