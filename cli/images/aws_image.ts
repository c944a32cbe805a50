/**
 * AWSTAPE, and HET which compresses its records (P/390 and Hercules): chunks with a header of six bytes that says how
 * long they are, how long the chunk before was, and whether a record begins or ends with them.
 *
 * @module
 */

import { inflateSync } from "node:zlib";
import { ImageFormatError } from "../../sim/images/errors.ts";
import type { ImageBytes } from "./image_bytes.ts";
import type { ImageStep, Likeness } from "./image_step.ts";

const HEADER_BYTES = 6;
const NEW_RECORD = 0x80;
const TAPE_MARK = 0x40;
const END_OF_RECORD = 0x20;
const ZLIB = 0x01;
const BZIP2 = 0x02;
const COMPRESSION = ZLIB | BZIP2;
/** Second flag byte: zlib, after Bus-Tech. */
const BUS_TECH_ZLIB = 0x80;
/** Longest record that any tape has: what a compressed one may come to. */
const MAX_RECORD_BYTES = 0xffffff;

interface ChunkHeader {
  readonly length: number;
  readonly previous: number;
  readonly flags: number;
  readonly isCompressed: boolean;
}

function decodeHeader(bytes: Uint8Array): ChunkHeader {
  const flags = bytes[4];
  return {
    length: bytes[0] | (bytes[1] << 8),
    previous: bytes[2] | (bytes[3] << 8),
    flags,
    isCompressed: (flags & COMPRESSION) !== 0 || (bytes[5] & BUS_TECH_ZLIB) !== 0,
  };
}

/** The walk through an AWSTAPE or HET image; see {@link ImageWalk}. */
export async function* walkAwsImage(bytes: ImageBytes): AsyncGenerator<ImageStep, void, undefined> {
  let previous = 0;
  let chunks: Uint8Array[] = [];
  let recordAt = 0;
  for (;;) {
    const { offset } = bytes;
    const header = await bytes.take(HEADER_BYTES);
    if (header.length < HEADER_BYTES) {
      if (header.length > 0) yield { kind: "cut", offset, problem: "cut within a header" };
      else if (chunks.length > 0) {
        yield { kind: "cut", offset: recordAt, problem: "the last record has no end" };
      }
      return;
    }
    const chunk = decodeHeader(header);
    checkHeader(chunk, { path: bytes.path, offset, previous, isInRecord: chunks.length > 0 });
    previous = chunk.length;
    if ((chunk.flags & TAPE_MARK) !== 0) {
      yield { kind: "filemark" };
      continue;
    }
    const data = (await bytes.take(chunk.length)).slice();
    if (data.length < chunk.length) {
      return yield { kind: "cut", offset, problem: `cut within a chunk of ${chunk.length} bytes` };
    }
    if (chunks.length === 0) recordAt = offset;
    chunks.push(data);
    if ((chunk.flags & END_OF_RECORD) === 0) continue;
    yield { kind: "record", data: recordOf(chunks, chunk, bytes.path, recordAt) };
    chunks = [];
  }
}

interface Surroundings {
  readonly path: string;
  readonly offset: number;
  /** Length of the chunk before. */
  readonly previous: number;
  readonly isInRecord: boolean;
}

/** @throws {ImageFormatError} when it cannot be a header here. */
function checkHeader({ length, previous, flags }: ChunkHeader, where: Surroundings): void {
  const isMark = (flags & TAPE_MARK) !== 0;
  const begins = (flags & NEW_RECORD) !== 0;
  const isRight = previous === where.previous && (isMark ? length === 0 : true) &&
    begins === (!where.isInRecord && !isMark) && !(isMark && where.isInRecord);
  if (isRight) return;
  const { path, offset } = where;
  throw new ImageFormatError(
    `Cannot use ${path} as an AWSTAPE image: there is no header of a chunk at offset ${offset}`,
    { path, offset },
  );
}

function recordOf(
  chunks: readonly Uint8Array[],
  { flags, isCompressed }: ChunkHeader,
  path: string,
  offset: number,
): Uint8Array {
  const data = chunks.length === 1 ? chunks[0] : joined(chunks);
  if (!isCompressed) return data;
  if ((flags & COMPRESSION) === BZIP2) {
    const message =
      `Cannot use ${path}: the record at offset ${offset} is compressed with bzip2; ` +
      "hetupd -z makes an image with zlib of it";
    throw new ImageFormatError(message, { path, offset });
  }
  try {
    const { buffer, byteOffset, length } = inflateSync(data, {
      maxOutputLength: MAX_RECORD_BYTES,
    });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    const message = `Cannot use ${path}: the record at offset ${offset} cannot be decompressed`;
    throw new ImageFormatError(message, { path, offset, cause });
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Whether an image may begin so: the second header, where it is there, knows the length of the first chunk. */
export function judgeAws(beginning: Uint8Array): Likeness {
  if (beginning.length < HEADER_BYTES) return "impossible";
  const { length, previous, flags } = decodeHeader(beginning);
  const kind = flags & ~COMPRESSION;
  const isRight = kind === TAPE_MARK
    ? length === 0
    : kind === NEW_RECORD || kind === (NEW_RECORD | END_OF_RECORD);
  if (previous !== 0 || !isRight) return "impossible";
  const next = beginning.subarray(HEADER_BYTES + length);
  if (beginning.length === HEADER_BYTES + length) return "likely";
  if (next.length < HEADER_BYTES) return "possible";
  return decodeHeader(next).previous === length ? "likely" : "impossible";
}
