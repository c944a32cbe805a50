/**
 * The way through a .tap file, header by header, that finds where its objects lie.
 *
 * @module
 */

import { MAX_SEAL_BYTES } from "../tape/medium.ts";
import { NumberColumn } from "../tape/number_column.ts";
import { ObjectIndex } from "../tape/object_index.ts";
import { ImageFormatError } from "./errors.ts";
import { FileWindow } from "./file_window.ts";
import type { ImageFile } from "./image_file.ts";
import { decodeSeal, sealContents } from "./record_seal.ts";
import { classifyWord, paddedLength, readWord, recordSpan, WORD_BYTES } from "./simh_tap.ts";

/** What the end of a file leaves to be said. */
export interface TapWarning {
  /** Where the file stops making sense, in bytes. */
  readonly offset: number;
  /** What is there. */
  readonly problem: string;
}

/** What a .tap file holds. */
export interface TapContents {
  /** The objects. */
  readonly index: ObjectIndex;
  /** Where each begins in the file: a record with its header. */
  readonly offsets: NumberColumn;
  /** Where end of data is in the file. */
  readonly end: number;
  /** An object that the end of the file cuts; it is not in the index. */
  readonly warning?: TapWarning;
}

/**
 * Finds the objects of a .tap file. The end of the file is the end of the medium, and so is an object that it cuts.
 *
 * @throws {ImageFormatError} when the file is not a .tap file, or damaged: a word that cannot be a header, a trailer
 * that differs from its header.
 * @throws {MediumStoreError} when the file cannot be read.
 */
export function walkTap(file: ImageFile): TapContents {
  const index = new ObjectIndex();
  const offsets = new NumberColumn();
  const size = file.size();
  const window = new FileWindow(file);
  let at = 0;
  // A seal and where it begins, until its record comes.
  let sealed: { readonly seal: Uint8Array; readonly at: number } | undefined;
  while (at < size) {
    const header = at + WORD_BYTES <= size ? wordAt(window, at) : undefined;
    const word = header === undefined ? undefined : classifyWord(header);
    if (header === undefined || word === undefined) return cut("Cut within a header");
    if (word.kind !== "record" && word.kind !== "seal") sealed = undefined;
    switch (word.kind) {
      case "end-of-medium":
        return { index, offsets, end: at };
      case "reserved":
        throw badHeader(file.path, at, header);
      case "skip":
        at += word.bytes;
        continue;
      case "filemark":
        index.addFilemark();
        offsets.push(at);
        at += WORD_BYTES;
        continue;
    }
    const { kind, length } = word;
    if (at + recordSpan(length) > size) return cut(`Cut within a record of ${length} bytes`);
    checkTrailer(window, file.path, at, header, length);
    if (kind === "record" || kind === "damaged") {
      index.addRecord(length, kind, sealed?.seal);
      offsets.push(sealed?.at ?? at);
    }
    sealed = kind === "seal" ? readSeal(file, at, length) : undefined;
    at += recordSpan(length);
  }
  // A seal without its record counts for nothing.
  return { index, offsets, end: sealed?.at ?? Math.min(at, size) };

  function cut(problem: string): TapContents {
    const end = sealed?.at ?? at;
    return { index, offsets, end, warning: { offset: at, problem } };
  }
}

function readSeal(
  file: ImageFile,
  at: number,
  length: number,
): { readonly seal: Uint8Array; readonly at: number } | undefined {
  if (length > sealContents(MAX_SEAL_BYTES)) return undefined;
  const contents = new Uint8Array(length);
  file.read(contents, at + WORD_BYTES);
  const seal = decodeSeal(contents);
  return seal && { seal, at };
}

function checkTrailer(
  window: FileWindow,
  path: string,
  at: number,
  header: number,
  length: number,
): void {
  const trailerAt = at + WORD_BYTES + paddedLength(length);
  const trailer = wordAt(window, trailerAt);
  if (trailer === header) return;
  const unpadded = paddedLength(length) !== length && wordAt(window, trailerAt - 1) === header;
  const hint = unpadded ? "; it looks like the E11 format, which does not pad odd records" : "";
  throw new ImageFormatError(
    `Cannot use ${path} as a .tap image: the record at offset ${at} has header ${hex(header)} ` +
      `but trailer ${hex(trailer)} at offset ${trailerAt}${hint}`,
    { path, offset: trailerAt },
  );
}

function badHeader(path: string, offset: number, word: number): ImageFormatError {
  return new ImageFormatError(
    `Cannot use ${path} as a .tap image: found ${hex(word)} at offset ${offset}, ` +
      "which begins neither a record nor a tape mark",
    { path, offset },
  );
}

function hex(word: number): string {
  return `${word.toString(16).toUpperCase().padStart(8, "0")}h`;
}

/** The word at an offset; it lies within the file. */
function wordAt(window: FileWindow, offset: number): number {
  return readWord(window.bytes, window.seek(offset, WORD_BYTES));
}
