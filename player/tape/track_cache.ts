import type { Track } from "./track.ts";

/** What must stay in memory: the tracks from the one that is heard to the one that is being read. */
export interface Protection {
  readonly from: number;
  readonly to: number;
  /** The track that is being decoded. */
  readonly playing: number;
  /** How far that has come, in bytes of the file: what is before may go. */
  readonly playedBytes: number;
}

/** Keeps the tracks' data within a bound: those least recently played go first. */
export class TrackCache {
  readonly #maxBytes: number;
  readonly #tracks: readonly Track[];

  constructor(tracks: readonly Track[], maxBytes: number) {
    this.#tracks = tracks;
    this.#maxBytes = maxBytes;
  }

  /** The bound. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#tracks.reduce((sum, { data }) => sum + data.bytes, 0);
  }

  /**
   * Makes room for `bytes` more by forgetting other tracks, and what was played of a track that is too large.
   *
   * @returns whether there is room. A track of which nothing is in memory always gets its first record, so that a cache smaller than a record plays too.
   */
  makeRoom(bytes: number, reading: Track, keep: Protection): boolean {
    let excess = this.bytes + bytes - this.#maxBytes;
    for (const track of this.#expendable(keep)) {
      if (excess <= 0) break;
      excess -= track.data.bytes;
      track.forget();
    }
    if (excess > 0 && reading.index === keep.playing) {
      excess -= reading.data.dropBefore(keep.playedBytes);
    }
    return excess <= 0 || (reading.index === keep.playing && reading.data.bytes === 0);
  }

  #expendable({ from, to }: Protection): Track[] {
    return this.#tracks
      .filter(({ index, data }) => (index < from || index > to) && data.bytes > 0)
      .sort((one, other) => one.lastUse - other.lastUse);
  }
}
