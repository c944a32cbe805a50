/** A FLAC file made for a test: verbatim subframes only, so that this is no encoder but a container (RFC 9639). */
import { createHash } from "node:crypto";

/** What a {@link makeFlac} makes. */
export interface FlacFileFacts {
  readonly sampleRate: number;
  readonly channels: number;
  /** 8, 16 or 24. */
  readonly bitDepth: number;
  /** Samples of one channel. */
  readonly frames: number;
  /** Begins the samples' sequence. */
  readonly seed?: number;
  /** Every sample is then between 1000 times this and 999 more, so that it tells which track it is of. */
  readonly level?: number;
  readonly artist?: string;
  readonly title?: string;
  /** Bytes of a cover between STREAMINFO and the comments. @default no cover */
  readonly pictureBytes?: number;
}

/** A FLAC file and what it decodes to. */
export interface FlacFile {
  readonly bytes: Uint8Array;
  /** Interleaved. */
  readonly samples: Int32Array;
}

const BLOCK_FRAMES = 1024;
const DEPTH_CODES: Readonly<Record<number, number>> = { 8: 1, 16: 4, 24: 6 };

export function makeFlac(facts: FlacFileFacts): FlacFile {
  const { channels, bitDepth, frames, seed = 1, pictureBytes = 0 } = facts;
  const samples = noise(frames * channels, bitDepth, seed);
  if (facts.level !== undefined) {
    const base = 1000 * facts.level;
    samples.forEach((sample, at) => samples[at] = base + 1 + (Math.abs(sample) + at) % 999);
  }
  const picture = pictureBytes > 0 ? [block(6, new Uint8Array(pictureBytes).fill(0xff))] : [];
  const info = block(0, streamInfo(facts, samples));
  const parts = [text("fLaC"), info, ...picture, block(0x84, comments(facts))];
  for (let at = 0, number = 0; at < frames; at += BLOCK_FRAMES, number++) {
    const count = Math.min(BLOCK_FRAMES, frames - at);
    const block = samples.subarray(at * channels, (at + count) * channels);
    parts.push(frame(facts, number, block));
  }
  return { bytes: concat(parts), samples };
}

/** Full-scale noise, the extremes among it. */
function noise(count: number, bitDepth: number, seed: number): Int32Array {
  const samples = new Int32Array(count);
  let state = seed >>> 0;
  for (let index = 0; index < count; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    samples[index] = (state | 0) >> (32 - bitDepth);
  }
  samples[0] = -(2 ** (bitDepth - 1));
  if (count > 1) samples[1] = 2 ** (bitDepth - 1) - 1;
  return samples;
}

function streamInfo(facts: FlacFileFacts, samples: Int32Array): Uint8Array {
  const { sampleRate, channels, bitDepth, frames } = facts;
  const bytes = new Uint8Array(34);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, BLOCK_FRAMES);
  view.setUint16(2, BLOCK_FRAMES);
  view.setUint32(10, (sampleRate << 12 | (channels - 1) << 9 | (bitDepth - 1) << 4) >>> 0);
  view.setUint32(14, frames);
  const hash = createHash("md5").update(littleEndian(samples, bitDepth)).digest();
  bytes.set(hash, 18);
  return bytes;
}

/** Signed samples as `flac -d --force-raw-format` gives them. */
export function littleEndian(samples: Int32Array, bitDepth: number): Uint8Array {
  const width = bitDepth / 8;
  return Uint8Array.from(
    { length: samples.length * width },
    (_, at) => samples[Math.floor(at / width)] >> (8 * (at % width)),
  );
}

function comments({ artist, title }: FlacFileFacts): Uint8Array {
  const pairs = Object.entries({ artist, TITLE: title }).flatMap(([name, value]) =>
    value === undefined ? [] : [prefixed(`${name}=${value}`)]
  );
  return concat([prefixed("test"), u32(pairs.length), ...pairs]);
}

function prefixed(value: string): Uint8Array {
  return concat([u32(text(value).length), text(value)]);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
}

function block(type: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  return concat([Uint8Array.of(type, length >> 16, length >> 8, length), content]);
}

function frame(facts: FlacFileFacts, number: number, samples: Int32Array): Uint8Array {
  const { sampleRate, channels, bitDepth } = facts;
  const frames = samples.length / channels;
  const isWide = sampleRate > 65535;
  const rate = isWide ? [sampleRate / 1000] : [sampleRate >> 8, sampleRate & 0xff];
  const header = Uint8Array.of(
    0xff,
    0xf8,
    0x70 | (isWide ? 12 : 13),
    (channels - 1) << 4 | DEPTH_CODES[bitDepth] << 1,
    ...text(String.fromCodePoint(number)),
    (frames - 1) >> 8,
    (frames - 1) & 0xff,
    ...rate,
  );
  const body = [header, Uint8Array.of(crc(header, 8, 0x07))];
  for (let channel = 0; channel < channels; channel++) {
    const bytes = [0x02];
    for (let index = channel; index < samples.length; index += channels) {
      for (let shift = bitDepth - 8; shift >= 0; shift -= 8) bytes.push(samples[index] >> shift);
    }
    body.push(Uint8Array.from(bytes));
  }
  const whole = concat(body);
  const sum = crc(whole, 16, 0x8005);
  return concat([whole, Uint8Array.of(sum >> 8, sum & 0xff)]);
}

function crc(bytes: Uint8Array, width: number, polynomial: number): number {
  let sum = 0;
  const top = 1 << (width - 1);
  for (const byte of bytes) {
    sum ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) sum = (sum & top) !== 0 ? sum << 1 ^ polynomial : sum << 1;
    sum &= (1 << width) - 1;
  }
  return sum;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
