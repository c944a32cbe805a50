/**
 * What stands before the audio of a FLAC file: STREAMINFO and the Vorbis comments (RFC 9639 §8).
 *
 * @module
 */

/** STREAMINFO (RFC 9639 §8.2). */
export interface StreamInfo {
  /** Smallest block in samples of one channel; all but the last of a stream of fixed blocks. */
  readonly minBlockFrames: number;
  /** Longest frame in bytes; 0 when the encoder did not tell. */
  readonly maxFrameBytes: number;
  /** Samples a second. */
  readonly sampleRate: number;
  /** 1 to 8. */
  readonly channels: number;
  /** Bits of a sample, 4 to 32. */
  readonly bitDepth: number;
  /** Samples of one channel; 0 when the encoder did not tell. */
  readonly totalFrames: number;
  /** MD5 of the decoded samples in hexadecimal; all zeros when the encoder did not tell. */
  readonly md5: string;
  /** The block's 34 bytes. */
  readonly raw: Uint8Array;
}

/** Vorbis comments, their names in capitals: `ARTIST`, `ALBUM`, `TITLE`. The first of each name. */
export type Tags = ReadonlyMap<string, string>;

/** All that is known of a FLAC file before its first frame. */
export interface FlacMetadata {
  /** STREAMINFO. */
  readonly info: StreamInfo;
  /** Vorbis comments. */
  readonly tags: Tags;
  /** Where the first frame begins, in bytes from the beginning of the file. */
  readonly audioOffset: number;
}

/** A file on the tape is no FLAC file that can be played. */
export class NotFlacError extends Error {
  /** The name of this class. */
  override name = "NotFlacError";
}

const BLOCK_STREAMINFO = 0;
const BLOCK_COMMENT = 4;
const STREAMINFO_BYTES = 34;
const ID3_HEADER_BYTES = 10;
/** Covers come in blocks of up to 16 MiB; a header beyond this is no header. */
const MAX_HEADER_BYTES = 128 << 20;

/** Takes the beginning of a file piece by piece until its metadata is there. */
export class FlacMetadataReader {
  #bytes = new Uint8Array(65536);
  #length = 0;

  /**
   * Takes the next piece.
   *
   * @returns the metadata, or `undefined` when it goes on in the next piece
   * @throws {NotFlacError} when this is not the beginning of a FLAC file
   */
  push(piece: Uint8Array): FlacMetadata | undefined {
    this.#append(piece);
    const metadata = parseFlacMetadata(this.#bytes.subarray(0, this.#length));
    if (metadata === undefined && this.#length > MAX_HEADER_BYTES) {
      throw new NotFlacError("Cannot play the file: its metadata has no end");
    }
    return metadata;
  }

  /** @throws {NotFlacError} since the file ended within its metadata. */
  end(): never {
    throw new NotFlacError("Cannot play the file: it ends within its metadata");
  }

  #append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }
}

/** The metadata at the beginning of a file, or `undefined` when `bytes` end before it does. */
export function parseFlacMetadata(bytes: Uint8Array): FlacMetadata | undefined {
  const start = markerOffset(bytes);
  if (start === undefined || bytes.length < start + 4) return undefined;
  if (text(bytes, start, 4) !== "fLaC") {
    throw new NotFlacError("Cannot play the file: it does not begin as FLAC does");
  }
  let info: StreamInfo | undefined;
  let tags: Tags = new Map();
  for (let at = start + 4;;) {
    if (bytes.length < at + 4) return undefined;
    const header = bytes[at];
    const length = readU24(bytes, at + 1);
    const block = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    if (block.length < length) return undefined;
    if ((header & 0x7f) === BLOCK_STREAMINFO) info = parseStreamInfo(block);
    if ((header & 0x7f) === BLOCK_COMMENT) tags = parseComments(block);
    if ((header & 0x80) !== 0) return finished(info, tags, at);
  }
}

function finished(info: StreamInfo | undefined, tags: Tags, audioOffset: number): FlacMetadata {
  if (info === undefined) throw new NotFlacError("Cannot play the file: it has no STREAMINFO");
  return { info, tags, audioOffset };
}

/** Where `fLaC` stands: behind an ID3v2 tag, if there is one. */
function markerOffset(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined;
  if (text(bytes, 0, 3) !== "ID3") return 0;
  if (bytes.length < ID3_HEADER_BYTES) return undefined;
  const [a, b, c, d] = bytes.subarray(6, ID3_HEADER_BYTES);
  return ID3_HEADER_BYTES + (a << 21 | b << 14 | c << 7 | d);
}

function parseStreamInfo(block: Uint8Array): StreamInfo {
  if (block.length !== STREAMINFO_BYTES) {
    throw new NotFlacError(`Cannot play the file: its STREAMINFO has ${block.length} bytes`);
  }
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const packed = view.getUint32(10);
  const info = {
    minBlockFrames: view.getUint16(0),
    maxFrameBytes: readU24(block, 7),
    sampleRate: packed >>> 12,
    channels: (packed >>> 9 & 7) + 1,
    bitDepth: (packed >>> 4 & 31) + 1,
    totalFrames: (packed & 15) * 2 ** 32 + view.getUint32(14),
    md5: Array.from(block.subarray(18), (byte) => byte.toString(16).padStart(2, "0")).join(""),
    raw: block.slice(),
  };
  if (info.sampleRate === 0) throw new NotFlacError("Cannot play the file: its sample rate is 0");
  return info;
}

/** RFC 9639 §8.6. A comment that is cut short ends the list: tags are not worth losing a track. */
function parseComments(block: Uint8Array): Tags {
  const tags = new Map<string, string>();
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  let at = 0;
  const next = (): string | undefined => {
    if (at + 4 > block.length) return undefined;
    const length = view.getUint32(at, true);
    at += 4;
    if (at + length > block.length) return undefined;
    at += length;
    return new TextDecoder().decode(block.subarray(at - length, at));
  };
  if (next() === undefined || at + 4 > block.length) return tags;
  const count = view.getUint32(at, true);
  at += 4;
  for (let index = 0; index < count; index++) {
    const comment = next();
    if (comment === undefined) break;
    const [name, value] = splitOnce(comment);
    if (!tags.has(name)) tags.set(name, value);
  }
  return tags;
}

function splitOnce(comment: string): [name: string, value: string] {
  const at = comment.indexOf("=");
  return at < 0
    ? [comment.toUpperCase(), ""]
    : [comment.slice(0, at).toUpperCase(), comment.slice(at + 1)];
}

function readU24(bytes: Uint8Array, at: number): number {
  return bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
