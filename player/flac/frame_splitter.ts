/**
 * Cuts the audio of a FLAC file into its frames, and passes what is damaged (RFC 9639 §9).
 *
 * @module
 */

import type { StreamInfo } from "./flac_metadata.ts";
import { type FrameHeader, headerAt, MAX_HEADER_BYTES, samplesBetween } from "./frame_header.ts";

/** A frame whose checksum is right. */
export interface FlacFrame {
  /** From its header to its checksum; valid until the next call. */
  readonly bytes: Uint8Array;
  /** Samples of one channel that are missing before it. */
  readonly lostFrames: number;
}

/** Where the file does not tell its length, a number so far ahead is no number. */
const MAX_LEAP_SECONDS = 60;
/** An ID3v1 tag at the end of a file. */
const ID3V1_BYTES = 128;

/** Takes a file piece by piece, from one of its frames on. */
export class FrameSplitter {
  readonly #info: StreamInfo;
  #bytes = new Uint8Array(0);
  /** The frame at the beginning of the bytes. */
  #header: FrameHeader | undefined;
  /** Where to look for the next one. */
  #at = 0;
  /** CRC-16 of the bytes before that. */
  #crc = 0;
  /** Where to go on if this frame proves to be damaged. */
  #resumption: FrameHeader | undefined;
  /** The frame that was given out last, or the one before the first. */
  #last: FrameHeader;

  /** @param startSample Number of the first sample that is expected. */
  constructor(info: StreamInfo, startSample: number) {
    this.#info = info;
    const before = { offset: 0, sample: startSample, frames: 0, isVariable: true };
    this.#last = { ...before, number: startSample };
  }

  /** Takes the next piece; gives the frames that are complete. */
  *push(piece: Uint8Array): Generator<FlacFrame, void, undefined> {
    const joined = new Uint8Array(this.#bytes.length + piece.length);
    joined.set(this.#bytes);
    joined.set(piece, this.#bytes.length);
    this.#bytes = joined;
    yield* this.#split(MAX_HEADER_BYTES);
  }

  /** The file has ended; gives the frames that are left. */
  *end(): Generator<FlacFrame, void, undefined> {
    yield* this.#split(0);
    while (this.#header !== undefined) {
      const bytes = this.#lastFrame();
      if (bytes !== undefined) yield this.#give(this.#header, bytes);
      if (bytes !== undefined || this.#resumption === undefined) return;
      this.#goTo(this.#resumption.offset);
      yield* this.#split(0);
    }
  }

  /** Gives the frames whose successor begins before the last `reserve` bytes, which may hold half a header. */
  *#split(reserve: number): Generator<FlacFrame, void, undefined> {
    for (;;) {
      const limit = this.#bytes.length - reserve;
      if (this.#at >= limit) return;
      const header = this.#header ?? this.#findFirst(limit);
      if (header === undefined) return;
      const next = this.#findNext(header, limit);
      if (next !== undefined) {
        const bytes = this.#bytes.subarray(0, next.offset);
        yield this.#give(header, bytes);
        this.#goTo(next.offset);
      } else if (this.#at > longestBytes(header, this.#info)) {
        this.#goTo(this.#resumption?.offset ?? this.#at);
      } else {
        return;
      }
    }
  }

  #give(header: FrameHeader, bytes: Uint8Array): FlacFrame {
    const lostFrames = Math.max(
      0,
      this.#isFirst() ? header.sample - this.#last.number : samplesBetween(this.#last, header),
    );
    this.#last = header;
    return { bytes, lostFrames };
  }

  #isFirst(): boolean {
    return this.#last.frames === 0;
  }

  /** Drops what is before `offset`. */
  #goTo(offset: number): void {
    this.#bytes = this.#bytes.subarray(offset);
    this.#header = headerAt(this.#bytes, 0, this.#info);
    this.#resumption = undefined;
    this.#at = 0;
    this.#crc = 0;
  }

  /** Drops what is before the first frame. */
  #findFirst(limit: number): FrameHeader | undefined {
    for (let at = this.#at; at < limit; at++) {
      const header = headerAt(this.#bytes, at, this.#info);
      if (header === undefined || !this.#mayFollow(this.#last, header)) continue;
      this.#goTo(at);
      return this.#header;
    }
    this.#goTo(limit);
  }

  /** The next frame, when this one ends there with the right checksum. Notes the first place where it could go on otherwise. */
  #findNext(header: FrameHeader, limit: number): FrameHeader | undefined {
    const bytes = this.#bytes;
    const end = Math.min(limit, longestBytes(header, this.#info) + 1);
    let crc = this.#crc;
    let at = this.#at;
    for (; at < end; crc = CRC16[crc >> 8 ^ bytes[at]] ^ (crc << 8 & 0xffff), at++) {
      if (bytes[at] !== 0xff || at === 0) continue;
      const next = headerAt(bytes, at, this.#info);
      if (next === undefined || !this.#mayFollow(header, next)) continue;
      // With its own CRC-16 behind it, that of a frame is 0.
      if (crc === 0 && samplesBetween(header, next) === 0) return next;
      this.#resumption ??= next;
    }
    this.#at = at;
    this.#crc = crc;
  }

  #mayFollow(one: FrameHeader, next: FrameHeader): boolean {
    const { totalFrames, sampleRate } = this.#info;
    if (this.#isFirst() && one === this.#last) return true;
    const leap = samplesBetween(one, next);
    const mostFrames = totalFrames > 0 ? totalFrames : MAX_LEAP_SECONDS * sampleRate;
    return next.isVariable === one.isVariable && leap >= 0 && leap < mostFrames;
  }

  /** The frame that the file ends with; `undefined` when that is damaged. */
  #lastFrame(): Uint8Array | undefined {
    const { length } = this.#bytes;
    return [length, length - ID3V1_BYTES]
      .filter((end) => end > MAX_HEADER_BYTES / 2)
      .map((end) => this.#bytes.subarray(0, end))
      .find((bytes) => crc16(bytes) === 0);
  }
}

/** Longer than any frame is: samples as they are, and a few bits more for each where channels were mixed. */
function longestBytes({ frames }: FrameHeader, { channels }: StreamInfo): number {
  return frames * channels * 4 + 1024;
}

/** x^16 + x^15 + x^2 + 1, from 0 (RFC 9639 §9.3). */
const CRC16: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) !== 0 ? crc << 1 ^ 0x8005 : crc << 1;
  return crc;
});

function crc16(bytes: Uint8Array): number {
  return bytes.reduce((crc, byte) => CRC16[crc >> 8 ^ byte] ^ (crc << 8 & 0xffff), 0);
}
