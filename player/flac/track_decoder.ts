/**
 * FLAC to samples, by libFLAC in WebAssembly.
 *
 * @module
 */

import { FLACDecoder } from "@wasm-audio-decoders/flac";
import { NotFlacError, type StreamInfo } from "./flac_metadata.ts";
import { type FlacFrame, FrameSplitter } from "./frame_splitter.ts";
import type { PcmSamples } from "./pcm.ts";

/** The library hands out 32-bit floating point, which holds this many bits exactly. */
const MAX_BIT_DEPTH = 24;
/** Even a file of silence then decodes to a few megabytes at a time. */
const PIECE_BYTES = 8192;

interface Decoded {
  readonly channelData: readonly Float32Array[];
  readonly samplesDecoded: number;
}

/** Decodes one track, from its beginning or from any of its frames. */
export class TrackDecoder {
  readonly #info: StreamInfo;
  readonly #decoder: FLACDecoder;
  readonly #splitter: FrameSplitter;
  #lostFrames = 0;

  private constructor(info: StreamInfo, decoder: FLACDecoder, startSample: number) {
    this.#info = info;
    this.#decoder = decoder;
    this.#splitter = new FrameSplitter(info, startSample);
  }

  /** Samples of one channel in damaged frames so far; silence stands for them. */
  get lostFrames(): number {
    return this.#lostFrames;
  }

  /**
   * Makes a decoder; `close()` frees its memory.
   *
   * @param startSample Number of the first sample that it will be given.
   * @throws {NotFlacError} for samples of more than 24 bits, which it could not give exactly.
   */
  static async open(info: StreamInfo, startSample = 0): Promise<TrackDecoder> {
    if (info.bitDepth > MAX_BIT_DEPTH) {
      throw new NotFlacError(
        `Cannot play the file: it has ${info.bitDepth} bits a sample, and 24 are the most that are decoded exactly`,
      );
    }
    const decoder = new FLACDecoder();
    await decoder.ready;
    return new TrackDecoder(info, decoder, startSample);
  }

  /** Decodes `bytes`, which go on where the ones before ended, or begin with a frame. The arrays are the caller's. */
  async *decode(bytes: Uint8Array): AsyncGenerator<PcmSamples, void, undefined> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield* this.#decodeFrames(this.#splitter.push(bytes.subarray(at, at + PIECE_BYTES)));
    }
  }

  /** What was held back at the end of the file. */
  async *flush(): AsyncGenerator<PcmSamples, void, undefined> {
    yield* this.#decodeFrames(this.#splitter.end());
  }

  async *#decodeFrames(frames: Iterable<FlacFrame>): AsyncGenerator<PcmSamples, void, undefined> {
    for (const { bytes, lostFrames } of frames) {
      this.#lostFrames += lostFrames;
      yield* this.#silence(lostFrames);
      const decoded = await this.#quietly(() => this.#decoder.decodeFrames([bytes]));
      if (decoded.samplesDecoded > 0) yield this.#interleave(decoded);
    }
  }

  *#silence(frames: number): Generator<PcmSamples, void, undefined> {
    const { channels, sampleRate } = this.#info;
    for (let left = frames; left > 0; left -= sampleRate) {
      yield new Int32Array(Math.min(left, sampleRate) * channels);
    }
  }

  /** Frees the decoder's memory. */
  close(): void {
    this.#decoder.free();
  }

  /** The library scales to -1 … 1 by the greatest positive value; the way back is exact up to 24 bits. */
  #interleave({ channelData, samplesDecoded }: Decoded): PcmSamples {
    const { channels, bitDepth } = this.#info;
    const samples = new Int32Array(samplesDecoded * channels);
    const scale = 2 ** (bitDepth - 1) - 1;
    for (let channel = 0; channel < channels && samplesDecoded > 0; channel++) {
      const from = channelData[channel];
      for (let index = 0, at = channel; index < samplesDecoded; index++, at += channels) {
        samples[at] = Math.round(from[index] * scale);
      }
    }
    return samples;
  }

  /**
   * The library prints what it thinks of damaged frames, over whatever is on the screen. It does so before it returns its promise; what it could not
   * decode is missing in the number of samples.
   */
  #quietly(decode: () => Promise<Decoded>): Promise<Decoded> {
    const { error, warn } = console;
    console.error = console.warn = () => {};
    try {
      return decode();
    } finally {
      console.error = error;
      console.warn = warn;
    }
  }
}
