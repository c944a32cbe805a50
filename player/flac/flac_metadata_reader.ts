/**
 * Finds the metadata at the beginning of a FLAC file, and passes what stands between: covers of many megabytes (RFC 9639 §8).
 *
 * @module
 */

import {
  type FlacMetadata,
  NotFlacError,
  parseComments,
  parseStreamInfo,
  readU24,
  type StreamInfo,
  type Tags,
} from "./flac_metadata.ts";

const BLOCK_STREAMINFO = 0;
const BLOCK_COMMENT = 4;
const ID3_HEADER_BYTES = 10;
/** A block holds up to 16 MiB, most covers are of one; a header beyond this is no header. */
const MAX_HEADER_BYTES = 128 << 20;

/** What is wrong with a file that ended before {@link FlacMetadataReader.push} had all. */
export const CUT_METADATA = "Cannot play the file: it ends within its metadata";

/** What parsing needs next: so many bytes to look at, or to pass. */
interface Wish {
  readonly kind: "look" | "pass";
  readonly bytes: number;
}

/** Takes the beginning of a file piece by piece until its metadata is there. Keeps the blocks that matter, one at a time. */
export class FlacMetadataReader {
  readonly #parsing = parse();
  #wish!: Wish;
  #kept = new Uint8Array(0);
  /** Bytes that the wish still lacks. */
  #lacking = 0;

  constructor() {
    this.#wishFor(this.#parsing.next(this.#kept).value as Wish);
  }

  /**
   * Takes the next piece.
   *
   * @returns the metadata, or `undefined` when it goes on in the next piece
   * @throws {NotFlacError} when this is not the beginning of a FLAC file
   */
  push(piece: Uint8Array): FlacMetadata | undefined {
    for (let at = 0;;) {
      at += this.#take(piece.subarray(at));
      if (this.#lacking > 0) return undefined;
      const { done, value } = this.#parsing.next(this.#kept);
      if (done) return value;
      this.#wishFor(value);
    }
  }

  #wishFor(wish: Wish): void {
    this.#wish = wish;
    this.#lacking = wish.bytes;
    this.#kept = new Uint8Array(wish.kind === "look" ? wish.bytes : 0);
  }

  /** Answers how many of the bytes served the wish. */
  #take(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.#lacking);
    if (this.#wish.kind === "look") this.#kept.set(taken, this.#wish.bytes - this.#lacking);
    this.#lacking -= taken.length;
    return taken.length;
  }
}

/** The metadata at the beginning of a file, or `undefined` when `bytes` end before it does. */
export function parseFlacMetadata(bytes: Uint8Array): FlacMetadata | undefined {
  return new FlacMetadataReader().push(bytes);
}

function* parse(): Generator<Wish, FlacMetadata, Uint8Array> {
  const markerOffset = yield* passId3Tag();
  let info: StreamInfo | undefined;
  let tags: Tags = new Map();
  for (let at = markerOffset + 4;;) {
    const header = yield { kind: "look", bytes: 4 };
    const bytes = readU24(header, 1);
    at += 4 + bytes;
    if (at > MAX_HEADER_BYTES) {
      throw new NotFlacError("Cannot play the file: its metadata has no end");
    }
    const type = header[0] & 0x7f;
    const isOfUse = type === BLOCK_STREAMINFO || type === BLOCK_COMMENT;
    const block = yield { kind: isOfUse ? "look" : "pass", bytes };
    if (type === BLOCK_STREAMINFO) info = parseStreamInfo(block);
    if (type === BLOCK_COMMENT) tags = parseComments(block);
    if ((header[0] & 0x80) !== 0) return finished(info, tags, at);
  }
}

/** Passes an ID3v2 tag, if there is one, and the marker `fLaC`; answers where that stands. */
function* passId3Tag(): Generator<Wish, number, Uint8Array> {
  let marker = yield { kind: "look", bytes: 4 };
  let offset = 0;
  if (text(marker.subarray(0, 3)) === "ID3") {
    const [, , a, b, c, d] = yield { kind: "look", bytes: ID3_HEADER_BYTES - 4 };
    const bytes = a << 21 | b << 14 | c << 7 | d;
    yield { kind: "pass", bytes };
    offset = ID3_HEADER_BYTES + bytes;
    marker = yield { kind: "look", bytes: 4 };
  }
  if (text(marker) !== "fLaC") {
    throw new NotFlacError("Cannot play the file: it does not begin as FLAC does");
  }
  return offset;
}

function finished(info: StreamInfo | undefined, tags: Tags, audioOffset: number): FlacMetadata {
  if (info === undefined) throw new NotFlacError("Cannot play the file: it has no STREAMINFO");
  return { info, tags, audioOffset };
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
