/**
 * AWSTAPE, as mainframe emulators write it, and HET, the same with compressed records (Hercules, Bus-Tech): chunks of at
 * most 65535 bytes, each behind a header of six: length of this chunk and of the one before, both little-endian, and
 * two bytes of flags.
 *
 * @module
 */

import { concat } from "../../../transport/concat.ts";
import type { ImageFile } from "../image_file.ts";
import {
  type ForeignContents,
  type ForeignFormat,
  type ImageReader,
  ImageWalk,
  readAgain,
} from "./image_reader.ts";
import { MAX_RECORD_BYTES } from "../simh_tap.ts";
import { inflate } from "./inflate.ts";

const NAME = "an AWSTAPE or HET image";
const HEADER_BYTES = 6;

// Flags of the first byte.
const NEW_RECORD = 0x80;
const TAPE_MARK = 0x40;
const END_OF_RECORD = 0x20;
const COMPRESSION = 0x03;
const ZLIB = 0x01;
const UNKNOWN = 0x1c;
/** Of the second: zlib, as Bus-Tech marks it. */
const BUS_TECH_ZLIB = 0x80;

const PACKED_WITH_BZIP2 =
  "a record packed with bzip2; have its program pack it with zlib instead (hetupd -z)";

interface Chunk {
  readonly length: number;
  readonly previous: number;
  readonly flags: number;
  readonly isPacked: boolean;
}

/** A record under way: where it begins, and how many bytes of it are in the file so far. */
interface StoredRecord {
  readonly at: number;
  readonly isPacked: boolean;
  stored: number;
}

/**
 * Reads both. The lengths of compressed records are only known once they are unpacked, so that the walk unpacks all; one
 * that does not unpack, or is too long, is a damaged record.
 */
export const awsTapeReader: ImageReader = { walk, read: readRecord };

function walk(file: ImageFile): ForeignContents {
  const walk = new ImageWalk(file, NAME);
  let format: ForeignFormat = "aws";
  let previous = 0;
  let at = 0;
  let record: StoredRecord | undefined;
  while (at < walk.size) {
    const chunk = decodeChunk(walk.peek(at, HEADER_BYTES));
    const end = record?.at ?? at;
    if (chunk === undefined) return walk.done(format, end, "Cut within a header");
    if (chunk.previous !== previous) throw walk.error(at, "the length of another chunk before it");
    check(walk, at, chunk, record !== undefined);
    if (at + HEADER_BYTES + chunk.length > walk.size) {
      return walk.done(format, end, `Cut within a chunk of ${chunk.length} bytes`);
    }
    if ((chunk.flags & TAPE_MARK) !== 0) walk.filemark(at);
    else {
      record ??= { at, isPacked: chunk.isPacked, stored: 0 };
      record.stored += chunk.length;
      if (record.isPacked) format = "het";
      if (record.stored > MAX_RECORD_BYTES) throw walk.error(record.at, "a record without end");
      if ((chunk.flags & END_OF_RECORD) !== 0) {
        found(walk, record);
        record = undefined;
      }
    }
    previous = chunk.length;
    at += HEADER_BYTES + chunk.length;
  }
  return record === undefined
    ? walk.done(format, at)
    : walk.done(format, record.at, "Cut between the chunks of a record");
}

/** A record is whole. */
function found(walk: ImageWalk, { at, isPacked, stored }: StoredRecord): void {
  if (!isPacked) return walk.record(at, stored);
  const data = unpack(readChunks(walk.file, at).stored);
  if (data === undefined) walk.record(at, stored, "damaged");
  else walk.record(at, data.length);
}

function decodeChunk(bytes: Uint8Array): Chunk | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const [low, high, previousLow, previousHigh, flags, moreFlags] = bytes;
  return {
    length: low | high << 8,
    previous: previousLow | previousHigh << 8,
    flags,
    isPacked: (flags & COMPRESSION) !== 0 || (moreFlags & BUS_TECH_ZLIB) !== 0,
  };
}

/** What the flags may be depends on whether a record is under way. */
function check(walk: ImageWalk, at: number, { flags, length }: Chunk, isWithin: boolean): void {
  const isMark = (flags & TAPE_MARK) !== 0;
  const isRight = (flags & UNKNOWN) === 0 &&
    (isMark
      ? !isWithin && length === 0 && (flags & (NEW_RECORD | END_OF_RECORD)) === 0
      : ((flags & NEW_RECORD) !== 0) !== isWithin);
  if (!isRight) throw walk.error(at, `flags ${flags.toString(16).toUpperCase()}h`);
  if ((flags & COMPRESSION & ~ZLIB) === 0) return;
  const end = at + HEADER_BYTES + length;
  const isCertain = end === walk.size ||
    decodeChunk(walk.peek(end, HEADER_BYTES))?.previous === length;
  throw walk.unsupported(at, PACKED_WITH_BZIP2, isCertain);
}

/** A whole record; one that cannot be unpacked as it is stored. */
function readRecord(file: ImageFile, offset: number): Uint8Array {
  const { stored, isPacked } = readChunks(file, offset);
  return (isPacked ? unpack(stored) : undefined) ?? stored;
}

function unpack(stored: Uint8Array): Uint8Array | undefined {
  return inflate(stored, MAX_RECORD_BYTES);
}

function readChunks(file: ImageFile, offset: number) {
  const chunks: Uint8Array[] = [];
  let isPacked = false;
  for (let at = offset, isLast = false; !isLast;) {
    const chunk = decodeChunk(readAgain(file, at, HEADER_BYTES)) as Chunk;
    chunks.push(readAgain(file, at + HEADER_BYTES, chunk.length));
    isPacked ||= chunk.isPacked;
    isLast = (chunk.flags & END_OF_RECORD) !== 0;
    at += HEADER_BYTES + chunk.length;
  }
  return { stored: chunks.length === 1 ? chunks[0] : concat(chunks), isPacked };
}
