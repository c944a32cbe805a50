/**
 * Finding frames in the middle of a FLAC file, for seeking (RFC 9639 §9.1).
 *
 * @module
 */

import type { StreamInfo } from "./flac_metadata.ts";
import { type FrameHeader, headerAt } from "./frame_header.ts";

/** Where a frame begins. */
export interface FramePlace {
  /** Bytes from the beginning of what was searched. */
  readonly offset: number;
  /** Number of its first sample. */
  readonly sample: number;
}

/**
 * The first frame whose beginning is in `bytes`. What looks like a frame is believed when the next one begins where this one leaves off, or no other
 * follows in `bytes`.
 */
export function findFrame(bytes: Uint8Array, info: StreamInfo): FramePlace | undefined {
  let unconfirmed: FrameHeader | undefined;
  for (let offset = 0; offset + 2 <= bytes.length; offset++) {
    const header = headerAt(bytes, offset, info);
    if (header === undefined) continue;
    for (let after = offset + 4; after + 2 <= bytes.length; after++) {
      const next = headerAt(bytes, after, info);
      if (next?.sample === header.sample + header.frames) return header;
    }
    unconfirmed ??= header;
  }
  return unconfirmed;
}

/** A file, part of which may be read. */
export interface SeekableBytes {
  /** Where what is there begins and ends, in bytes of the file. */
  readonly firstByte: number;
  readonly endByte: number;
  /** A copy of the bytes from `from` up to `to`. */
  copy(from: number, to: number): Uint8Array;
}

/** Longer than two frames of any usual file, so that one whole frame and the next one's header are within. */
const WINDOW_BYTES = 65_536;

/** The last frame at or before sample `target` that is cheap to find; decoding goes on from there. */
export function seekFrame(
  file: SeekableBytes,
  target: number,
  audioOffset: number,
  info: StreamInfo,
): FramePlace | undefined {
  const windowBytes = Math.max(WINDOW_BYTES, 3 * info.maxFrameBytes);
  let low = Math.max(audioOffset, file.firstByte);
  let high = file.endByte;
  if (low >= high) return undefined;
  let best = placeFrom(file, low, windowBytes, info);
  if (best === undefined || best.sample > target) return undefined;
  while (high - low > windowBytes / 2) {
    const middle = Math.floor((low + high) / 2);
    const found = placeFrom(file, middle, windowBytes, info);
    if (found === undefined || found.sample > target) {
      high = middle;
    } else {
      best = found;
      low = Math.max(middle, found.offset);
    }
  }
  return best;
}

function placeFrom(
  file: SeekableBytes,
  from: number,
  windowBytes: number,
  info: StreamInfo,
): FramePlace | undefined {
  const to = Math.min(file.endByte, from + windowBytes);
  const found = findFrame(file.copy(from, to), info);
  return found && { offset: from + found.offset, sample: found.sample };
}
