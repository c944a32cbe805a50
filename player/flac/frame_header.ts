/**
 * What stands before each frame of a FLAC file (RFC 9639 §9.1).
 *
 * @module
 */

import type { StreamInfo } from "./flac_metadata.ts";

/** A frame, as its header tells. */
export interface FrameHeader {
  /** Bytes from the beginning of what was looked at. */
  readonly offset: number;
  /** Number of its first sample. */
  readonly sample: number;
  /** Samples of one channel in the frame. */
  readonly frames: number;
  /** Whether blocks differ in length, and the number is that of the first sample. */
  readonly isVariable: boolean;
  /** Number of the frame, or of its first sample. */
  readonly number: number;
}

/** Longest header: a number of 7 bytes, block size and rate of two each, and the checksum. */
export const MAX_HEADER_BYTES = 16;

/** Block sizes by their code; 6 and 7 stand behind the number, 0 is reserved. */
const BLOCK_FRAMES = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384]
  .concat(32768);

/** Bits of a sample by their code; 0 stands in STREAMINFO, 3 is reserved. */
const BIT_DEPTHS = [0, 8, 12, -1, 16, 20, 24, 32];

/** How many samples are missing between two frames of a file; below 0 when they cannot follow each other. */
export function samplesBetween(one: FrameHeader, next: FrameHeader): number {
  const { number, frames } = one;
  return one.isVariable ? next.number - number - frames : (next.number - number - 1) * frames;
}

/** The header at `offset`, if one is there that can be of the file: its own checksum is right, and so are channels and depth. */
export function headerAt(
  bytes: Uint8Array,
  offset: number,
  info: StreamInfo,
): FrameHeader | undefined {
  if (bytes[offset] !== 0xff || (bytes[offset + 1] & 0xfe) !== 0xf8) return undefined;
  const isVariable = (bytes[offset + 1] & 1) === 1;
  const blockCode = bytes[offset + 2] >> 4;
  const rateCode = bytes[offset + 2] & 15;
  if (!fits(bytes[offset + 3], info) || rateCode === 15) return undefined;
  const number = codedNumber(bytes, offset + 4);
  if (number === undefined) return undefined;
  let at = number.end;
  let frames = BLOCK_FRAMES[blockCode];
  if (blockCode === 6) frames = bytes[at] + 1;
  if (blockCode === 7) frames = (bytes[at] << 8 | bytes[at + 1]) + 1;
  at += blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0;
  at += rateCode === 12 ? 1 : rateCode > 12 ? 2 : 0;
  if (!(frames > 0) || at >= bytes.length) return undefined;
  if (crc8(bytes, offset, at) !== bytes[at]) return undefined;
  const sample = isVariable ? number.value : number.value * info.minBlockFrames;
  return { offset, sample, frames, isVariable, number: number.value };
}

/** Whether channels and depth are those of the file. */
function fits(byte: number, info: StreamInfo): boolean {
  const channelCode = byte >> 4;
  const channels = channelCode < 8 ? channelCode + 1 : 2;
  const depth = BIT_DEPTHS[byte >> 1 & 7];
  return channelCode <= 10 && channels === info.channels && (byte & 1) === 0 &&
    (depth === 0 || depth === info.bitDepth);
}

/** A number coded as UTF-8 extended to 36 bits. */
function codedNumber(
  bytes: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  const first = bytes[at];
  if (first < 0x80) return { value: first, end: at + 1 };
  const ones = Math.clz32(~(first << 24));
  if (ones < 2 || ones > 7) return undefined;
  let value = ones === 7 ? 0 : first & (0x7f >> ones);
  for (let index = 1; index < ones; index++) {
    const byte = bytes[at + index];
    if ((byte & 0xc0) !== 0x80) return undefined;
    value = value * 64 + (byte & 0x3f);
  }
  return { value, end: at + ones };
}

/** x^8 + x^2 + x + 1, from 0. */
function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let at = from; at < to; at++) {
    crc ^= bytes[at];
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80) !== 0 ? crc << 1 & 0xff ^ 0x07 : crc << 1;
  }
  return crc;
}
