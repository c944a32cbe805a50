import type { PcmFormat, PcmSamples } from "../flac/pcm.ts";
import type { Heard } from "./audio_sink.ts";

interface Stretch {
  readonly index: number;
  readonly samples: PcmSamples;
  /** Frame of the track that the first sample belongs to. */
  readonly frame: number;
}

/** Sound between the decoder, which brings it when it can, and a device, which takes it when it must. */
export class PcmQueue {
  readonly #format: PcmFormat;
  readonly #targetFrames: number;
  readonly #stretches: Stretch[] = [];
  #taken = 0;
  #frames = 0;
  #heard: Heard | undefined;
  #isFilled = false;
  #isEnding = false;

  /**
   * @param targetFrames How much must be there before any sound comes out, at the beginning and whenever it ran dry.
   */
  constructor(format: PcmFormat, targetFrames: number) {
    this.#format = format;
    this.#targetFrames = targetFrames;
  }

  /** Whether sound comes out when asked for. */
  get isFlowing(): boolean {
    return this.#frames > 0 && (this.#isFilled || this.#isEnding);
  }

  /** What was taken last. */
  get heard(): Heard | undefined {
    return this.#heard;
  }

  /** Samples of one channel that wait. */
  get frames(): number {
    return this.#frames;
  }

  /** Nothing follows for now: what is there may come out, however little it is. */
  set isEnding(isEnding: boolean) {
    this.#isEnding = isEnding;
  }

  /** Adds sound of the track at `index`, from its frame `frame` on. */
  push(index: number, frame: number, samples: PcmSamples): void {
    if (samples.length === 0) return;
    this.#stretches.push({ index, samples, frame });
    this.#frames += samples.length / this.#format.channels;
    if (this.#frames >= this.#targetFrames) this.#isFilled = true;
  }

  /** Fills `into` with interleaved 16-bit samples: sound while there is some, silence otherwise. */
  pull(into: Int16Array, isPaused: boolean): void {
    let at = 0;
    if (!isPaused && this.isFlowing) {
      while (at < into.length && this.#stretches.length > 0) at = this.#take(into, at);
      if (this.#frames === 0) this.#isFilled = false;
    }
    into.fill(0, at);
  }

  /** Forgets all. */
  clear(): void {
    this.#stretches.length = 0;
    this.#taken = 0;
    this.#frames = 0;
    this.#heard = undefined;
    this.#isFilled = false;
    this.#isEnding = false;
  }

  #take(into: Int16Array, at: number): number {
    const { channels, bitDepth } = this.#format;
    const { index, samples, frame } = this.#stretches[0];
    const count = Math.min(into.length - at, samples.length - this.#taken);
    for (let each = 0; each < count; each++) {
      into[at + each] = toSixteenBits(samples[this.#taken + each], bitDepth);
    }
    this.#taken += count;
    this.#frames -= count / channels;
    this.#heard = { index, frame: frame + this.#taken / channels };
    if (this.#taken === samples.length) {
      this.#stretches.shift();
      this.#taken = 0;
    }
    return at + count;
  }
}

/** Rounds what has more bits, and stays within range. */
function toSixteenBits(sample: number, bitDepth: number): number {
  if (bitDepth <= 16) return sample << (16 - bitDepth);
  const shift = bitDepth - 16;
  return Math.min(0x7fff, (sample + (1 << (shift - 1))) >> shift);
}
