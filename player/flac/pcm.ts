/** How samples are to be played. */
export interface PcmFormat {
  /** Samples a second. */
  readonly sampleRate: number;
  /** 1 to 8, interleaved in the order of FLAC. */
  readonly channels: number;
  /** Bits of a sample, 4 to 24. */
  readonly bitDepth: number;
}

/** A stretch of sound: signed samples, interleaved. */
export type PcmSamples = Int32Array;

/** Whether both are played alike, so that one may follow the other without a gap. */
export function isSameFormat(one: PcmFormat, other: PcmFormat): boolean {
  return one.sampleRate === other.sampleRate && one.channels === other.channels &&
    one.bitDepth === other.bitDepth;
}

/** Bytes that a sample takes in a file. */
export function containerBytes(bitDepth: number): number {
  return Math.ceil(bitDepth / 8);
}

/**
 * Writes samples as little-endian integers of whole bytes. Depths between whole bytes go to the top of theirs, as `flac -d` has them.
 *
 * @param isUnsigned WAV has 8-bit samples without a sign (and only those).
 * @returns the array is the caller's
 */
export function encodeSamples(
  samples: PcmSamples,
  bitDepth: number,
  isUnsigned: boolean,
): Uint8Array {
  const width = containerBytes(bitDepth);
  const shift = width * 8 - bitDepth;
  return toBytes(samples, width, shift, isUnsigned && width === 1 ? 0x80 : 0);
}

/** Samples as the MD5 in STREAMINFO sees them: little-endian, extended with their sign to whole bytes (RFC 9639 §8.2). */
export function checksumBytes(samples: PcmSamples, bitDepth: number): Uint8Array {
  return toBytes(samples, containerBytes(bitDepth), 0, 0);
}

function toBytes(samples: PcmSamples, width: number, shift: number, bias: number): Uint8Array {
  const bytes = new Uint8Array(samples.length * width);
  for (let index = 0, at = 0; index < samples.length; index++) {
    const value = (samples[index] << shift) + bias;
    for (let byte = 0; byte < width; byte++) bytes[at++] = value >> (8 * byte);
  }
  return bytes;
}
