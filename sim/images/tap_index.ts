/**
 * The file beside a large image that keeps where its objects lie, `NAME.tap.index`: with it the image opens without a
 * walk over all its headers. It is a copy of what the walk finds and never more: whatever is wrong with it, or has
 * happened to the image since, it counts for nothing and the walk is made.
 *
 * Layout, little-endian: the header below, the columns of the offsets and of the index, 8 bytes an entry, the lengths
 * and bytes of the seals, and a SHA-256 over all of it and the last bytes of the image.
 *
 * @module
 */

import { NumberColumn } from "../tape/number_column.ts";
import { type IndexColumns, ObjectIndex } from "../tape/object_index.ts";
import { digestOf, type ImageFile, readWholeFile, removeFile, replaceFile } from "./image_file.ts";
import { classifyWord, readWord, WORD_BYTES } from "./simh_tap.ts";
import type { TapContents } from "./tap_walk.ts";

/** Images of fewer objects are walked faster than another file is worth. */
export const FEWEST_OBJECTS = 16_384;

/** So much of the image before its end goes into the digest. */
const TAIL_BYTES = 65_536;

/** So many headers, evenly spread, are looked up in the image before the index is believed. */
const PROBES = 64;

const MAGIC = 0x75695461; // "uiTa"
const DIGEST_BYTES = 32;

/** The header: numbers of 8 bytes each. The size and time are those of the image. */
const Field = {
  Magic: 0,
  ImageBytes: 1,
  ModifiedMs: 2,
  End: 3,
  Objects: 4,
  Filemarks: 5,
  Damaged: 6,
  Sealed: 7,
  SealBytes: 8,
} as const;
const FIELDS = 9;

/** Where the index of an image file lies. */
export function indexPath(imagePath: string): string {
  return `${imagePath}.index`;
}

/** What the index tells of an image; `undefined` when there is none that fits it. */
export function readIndex(file: ImageFile): TapContents | undefined {
  const bytes = readWholeFile(indexPath(file.path));
  if (bytes === undefined || bytes.length < FIELDS * 8 + DIGEST_BYTES) return undefined;
  const header = new Float64Array(bytes.buffer, 0, FIELDS);
  if (header[Field.Magic] !== MAGIC) return undefined;
  if (header[Field.ImageBytes] !== file.size()) return undefined;
  if (header[Field.ModifiedMs] !== file.modifiedMs()) return undefined;
  if (!(header[Field.End] >= 0 && header[Field.End] <= header[Field.ImageBytes])) return undefined;
  const body = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  const digest = digestOf([body, tailOf(file, header[Field.End])]);
  if (digest.some((byte, at) => byte !== bytes[body.length + at])) return undefined;
  const contents = decode(body, header);
  return isBornOut(file, contents) ? contents : undefined;
}

/**
 * Keeps the index of an image, which must be all in its file by now.
 *
 * @throws {MediumStoreError} when it cannot be written.
 */
export function writeIndex(file: ImageFile, contents: TapContents): void {
  const { index, offsets, end } = contents;
  if (index.objectCount < FEWEST_OBJECTS) return removeIndex(file.path);
  const { ends, filemarks, damaged, sealed, seals } = index.columns;
  const header = new Float64Array(FIELDS);
  header[Field.Magic] = MAGIC;
  header[Field.ImageBytes] = file.size();
  header[Field.ModifiedMs] = file.modifiedMs();
  header[Field.End] = end;
  header[Field.Objects] = ends.length;
  header[Field.Filemarks] = filemarks.length;
  header[Field.Damaged] = damaged.length;
  header[Field.Sealed] = sealed.length;
  header[Field.SealBytes] = seals.reduce((sum, seal) => sum + seal.length, 0);
  const lengths = Float64Array.from(seals, (seal) => seal.length);
  const columns = [header, offsets.values, ends, filemarks, damaged, sealed, lengths];
  const parts = [...columns.map(bytesOf), ...seals];
  replaceFile(indexPath(file.path), [...parts, digestOf([...parts, tailOf(file, end)])]);
}

/**
 * Removes the index of an image, before the image becomes another.
 *
 * @throws {MediumStoreError} when it cannot be removed.
 */
export function removeIndex(imagePath: string): void {
  removeFile(indexPath(imagePath));
}

function decode(body: Uint8Array, header: Float64Array): TapContents {
  let at = FIELDS * 8;
  const column = (field: number): Float64Array => {
    const values = new Float64Array(body.buffer, at, header[field]);
    at += values.byteLength;
    return values;
  };
  const offsets = new NumberColumn(column(Field.Objects));
  const columns = {
    ends: column(Field.Objects),
    filemarks: column(Field.Filemarks),
    damaged: column(Field.Damaged),
    sealed: column(Field.Sealed),
  };
  const lengths = column(Field.Sealed);
  const seals = Array.from(lengths, (length) => body.slice(at, at += length));
  const contents: IndexColumns = { ...columns, seals };
  return { index: new ObjectIndex(contents), offsets, end: header[Field.End] };
}

/** Whether headers of the image are where the index has them. */
function isBornOut(file: ImageFile, { index, offsets }: TapContents): boolean {
  const word = new Uint8Array(WORD_BYTES);
  for (let probe = 0; probe < PROBES; probe++) {
    const object = Math.floor(index.objectCount * probe / PROBES);
    if (file.read(word, offsets.at(object)) < WORD_BYTES) return false;
    const found = classifyWord(readWord(word, 0));
    const kind = index.seal(object) === undefined ? index.kind(object) : "seal";
    if (found.kind !== kind) return false;
    const isRecord = found.kind === "record" || found.kind === "damaged";
    if (isRecord && found.length !== index.recordLength(object)) return false;
  }
  return true;
}

function tailOf(file: ImageFile, end: number): Uint8Array {
  const tail = new Uint8Array(Math.min(TAIL_BYTES, end));
  return tail.subarray(0, file.read(tail, end - tail.length));
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
