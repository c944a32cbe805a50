import { createHash, type Hash } from "node:crypto";
import type { StreamInfo } from "./flac_metadata.ts";
import { checksumBytes, type PcmSamples } from "./pcm.ts";

const UNKNOWN = "0".repeat(32);

/** What became of a track's samples. */
export type TrackVerdict = "verified" | "unknown" | "damaged";

/** Counts and hashes the samples of a whole track, to hold them against what the encoder noted. */
export class TrackChecksum {
  readonly #info: StreamInfo;
  readonly #hash: Hash = createHash("md5");
  #frames = 0;

  constructor(info: StreamInfo) {
    this.#info = info;
  }

  /** Samples decoded so far, of one channel. */
  get frames(): number {
    return this.#frames;
  }

  /** Takes the next samples. */
  add(samples: PcmSamples): void {
    this.#frames += samples.length / this.#info.channels;
    this.#hash.update(checksumBytes(samples, this.#info.bitDepth));
  }

  /** Whether those were all, and the right ones. */
  verdict(): TrackVerdict {
    const { md5, totalFrames } = this.#info;
    if (totalFrames !== 0 && this.#frames !== totalFrames) return "damaged";
    if (md5 === UNKNOWN) return "unknown";
    return this.#hash.digest("hex") === md5 ? "verified" : "damaged";
  }
}
