/**
 * The format of the E11 emulator: SIMH's .tap without the byte that pads records of an odd length.
 *
 * @module
 */

import type { ImageFile } from "../image_file.ts";
import { classifyWord, readWord, WORD_BYTES } from "../simh_tap.ts";
import { type ForeignContents, type ImageReader, ImageWalk, readAgain } from "./image_reader.ts";

const NAME = "an E11 image";

/** Reads them. */
export const unpaddedTapReader: ImageReader = {
  walk,
  read: (file, offset, length) => readAgain(file, offset + WORD_BYTES, length),
};

function walk(file: ImageFile): ForeignContents {
  const walk = new ImageWalk(file, NAME);
  let at = 0;
  while (at < walk.size) {
    const bytes = walk.peek(at, WORD_BYTES);
    if (bytes.length < WORD_BYTES) return walk.done("e11", at, "Cut within a header");
    const header = readWord(bytes, 0);
    const word = classifyWord(header);
    if (word.kind === "end-of-medium") break;
    if (word.kind === "filemark") {
      walk.filemark(at);
      at += WORD_BYTES;
    } else if (word.kind === "record" || word.kind === "damaged") {
      const trailerAt = at + WORD_BYTES + word.length;
      const trailer = walk.peek(trailerAt, WORD_BYTES);
      if (trailer.length < WORD_BYTES) return walk.done("e11", at, "Cut within a record");
      if (readWord(trailer, 0) !== header) {
        throw walk.error(trailerAt, "a trailer unlike its header");
      }
      walk.record(at, word.length, word.kind);
      at = trailerAt + WORD_BYTES;
    } else {
      throw walk.error(at, "what begins neither a record nor a tape mark");
    }
  }
  return walk.done("e11", at);
}
