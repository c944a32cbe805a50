/**
 * CPTP, the format of `copytape`: lines of ASCII, each of a record followed by its bytes and a newline.
 *
 * @module
 */

import type { ImageFile } from "../image_file.ts";
import { type ForeignContents, type ImageReader, ImageWalk, readAgain } from "./image_reader.ts";

const NAME = "a CPTP image";
const NEWLINE = 0x0a;
/** The longest line: that of a record, whose length has six digits, or as many as it takes. */
const MAX_LINE = 24;
const LINE = /^CPTP:(?:BLK (\d{1,9})|(MRK)|(EOT))$/;

/** Reads them. */
export const copyTapeReader: ImageReader = {
  walk,
  read: (file, offset, length) => {
    const line = lineOf(readAgain(file, offset, Math.min(MAX_LINE, file.size() - offset)));
    return readAgain(file, offset + (line?.length ?? 0) + 1, length);
  },
};

function walk(file: ImageFile): ForeignContents {
  const walk = new ImageWalk(file, NAME);
  let at = 0;
  while (at < walk.size) {
    const bytes = walk.peek(at, MAX_LINE);
    const line = lineOf(bytes);
    if (line === undefined && bytes.length < MAX_LINE && isBeginning(bytes)) {
      return walk.done("cptp", at, "Cut within a line");
    }
    const [, length, mark, end] = LINE.exec(line ?? "") ?? [];
    const next = at + (line?.length ?? 0) + 1;
    if (end !== undefined) return walk.done("cptp", at);
    if (mark !== undefined) {
      walk.filemark(at);
      at = next;
      continue;
    }
    if (length === undefined) throw walk.error(at, "what is no line of such an image");
    const after = next + Number(length);
    if (after > walk.size) {
      return {
        ...walk.done("cptp", at, `Cut within a record of ${Number(length)} bytes`),
        isCertain: true,
      };
    }
    // The newline behind the last record may be cut off: nothing of the tape is missing.
    if (after < walk.size && walk.peek(after, 1)[0] !== NEWLINE) {
      throw walk.error(after, "no newline behind a record");
    }
    walk.record(at, Number(length));
    at = after + 1;
  }
  // An empty file has lost nothing.
  const problem = walk.size === 0 ? undefined : "Cut off before CPTP:EOT";
  return walk.done("cptp", Math.min(at, walk.size), problem);
}

/** The line without its newline; `undefined` when none ends here. */
function lineOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(NEWLINE);
  return end < 0 ? undefined : String.fromCharCode(...bytes.subarray(0, end));
}

/** Whether a line may begin so. */
function isBeginning(bytes: Uint8Array): boolean {
  const text = String.fromCharCode(...bytes);
  return ["CPTP:BLK ", "CPTP:MRK", "CPTP:EOT"].some((line) =>
    line.startsWith(text) || /^CPTP:BLK \d+$/.test(text)
  );
}
