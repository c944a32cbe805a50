/** What there is to see of the player at one moment. */
export interface PlayerView {
  /** Vendor, product and revision of the drive, and its address without secrets. */
  readonly drive: string;
  /** Where the sound goes. */
  readonly sink: string;
  /** What the player does. */
  readonly status: string;
  /** What went wrong; empty when nothing did. */
  readonly failure: string;
  /** What the tape does. */
  readonly tape: string;
  /** MB/s now. */
  readonly rateNow: number;
  /** MB/s in the mean of the time spent reading. */
  readonly rateMean: number;
  /** Seconds of sound that are ready. */
  readonly bufferedSeconds: number;
  /** Seconds of sound that make a full buffer. */
  readonly targetSeconds: number;
  /** Bytes of tracks in memory, and their bound. */
  readonly cacheBytes: number;
  readonly maxCacheBytes: number;
  /** Place in the playlist of the track that is heard or selected. */
  readonly index: number;
  /** Seconds of it that were heard. */
  readonly seconds: number;
  /** The tracks found so far. */
  readonly tracks: readonly TrackView[];
  /** Whether there are no more. */
  readonly isComplete: boolean;
}

/** What there is to see of a track. */
export interface TrackView {
  /** Artist and title in one. */
  readonly name: string;
  readonly artist: string;
  readonly album: string;
  readonly title: string;
  /** `44.1 kHz, 16 bit, 2 ch`; empty before it is known. */
  readonly format: string;
  /** Length in seconds; `undefined` when not known. */
  readonly seconds: number | undefined;
  /** cached, partial or on tape. */
  readonly presence: string;
  /** Whether the samples had the right MD5. */
  readonly isVerified: boolean;
  /** What is wrong with it; empty when nothing is. */
  readonly problem: string;
}
