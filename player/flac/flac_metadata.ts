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

const STREAMINFO_BYTES = 34;

/** @throws {NotFlacError} when the block is none. */
export function parseStreamInfo(block: Uint8Array): StreamInfo {
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
export function parseComments(block: Uint8Array): Tags {
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

/** A big-endian number of three bytes. */
export function readU24(bytes: Uint8Array, at: number): number {
  return bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
}
