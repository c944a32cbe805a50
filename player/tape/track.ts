import type { FlacMetadata } from "../flac/flac_metadata.ts";
import { TrackData } from "./track_data.ts";

/** One file of the tape, in the playlist. */
export class Track {
  /** Place in the playlist, from 0. */
  readonly index: number;
  /** Filemarks on the tape before the file. */
  readonly file: number;
  /** What is in memory. */
  data: TrackData = new TrackData();
  /** What the file says of itself, once that was read. */
  metadata: FlacMetadata | undefined;
  /** What is wrong with the file itself. */
  problem: string | undefined;
  /** Whether the samples had the MD5 that the encoder noted. */
  isVerified = false;
  /** When it was last played, counted up. */
  lastUse = 0;

  /** A track that nothing is known of but where it is. */
  constructor(index: number, file: number) {
    this.index = index;
    this.file = file;
  }

  /** Forgets what is in memory. */
  forget(): void {
    this.data = new TrackData();
  }

  /** Whether something is in memory: all, a part, or nothing. */
  get presence(): "cached" | "partial" | "on tape" {
    if (this.data.isWhole) return "cached";
    return this.data.bytes > 0 ? "partial" : "on tape";
  }
}
