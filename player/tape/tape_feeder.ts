/**
 * Reads the tape ahead of what is played: files into tracks, as far as the cache has room.
 *
 * @module
 */

import { type Clock, MediumChangedError, type ReadResult, SpaceStoppedError } from "@uiscsi/tape";
import type { Changes } from "../core/changes.ts";
import { type FlacMetadata, NotFlacError } from "../flac/flac_metadata.ts";
import { CUT_METADATA, FlacMetadataReader } from "../flac/flac_metadata_reader.ts";
import { RateMeter } from "./rate_meter.ts";
import { type PlayableDrive, TapePlace } from "./tape_place.ts";
import { Track } from "./track.ts";
import { TrackCache } from "./track_cache.ts";

/** What the tape is doing. */
export type TapeActivity = "idle" | "positioning" | "reading" | "cache full" | "failed" | "closed";

/** Another tape is in the drive than the one that the playlist was read from. */
export class OtherTapeError extends Error {
  /** The name of this class. */
  override name = "OtherTapeError";
}

/** What a {@link TapeFeeder} is made from. */
export interface TapeFeederParts {
  /** The drive, which stays the caller's to close, after the feeder. */
  readonly drive: PlayableDrive;
  /** Tells the time. */
  readonly clock: Pick<Clock, "now">;
  /** Whom to wake when something was read. */
  readonly changes: Changes;
  /** Bytes of track data to keep. */
  readonly cacheBytes: number;
}

/** The tracks of a tape, found and read as they are demanded. */
export class TapeFeeder {
  readonly #place: TapePlace;
  readonly #clock: Pick<Clock, "now">;
  readonly #changes: Changes;
  readonly #end = new AbortController();
  readonly #working: Promise<void>;
  #tracks: Track[] = [];
  #cache: TrackCache;
  #isComplete = false;
  #rate = new RateMeter();
  #activity: TapeActivity = "positioning";
  #failure: unknown;
  #failedIndex = 0;
  #isFailed = false;
  #wantsRewind = true;
  #isResting = true;
  #demand = 0;
  #heard = 0;
  #playedBytes = 0;
  #uses = 0;
  #isClosed = false;

  /** Begins with a rewind, and reads on from there. */
  constructor({ drive, clock, changes, cacheBytes }: TapeFeederParts) {
    this.#place = new TapePlace(drive);
    this.#clock = clock;
    this.#changes = changes;
    this.#cache = new TrackCache(this.#tracks, cacheBytes);
    this.#working = this.#work();
  }

  /** The tracks found so far. */
  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  /** Whether the end of the tape was seen: there are no more tracks. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** What the tape is doing. */
  get activity(): TapeActivity {
    return this.#isClosed ? "closed" : this.#isFailed ? "failed" : this.#activity;
  }

  /** Bytes in memory, and their bound. */
  get cache(): { readonly bytes: number; readonly maxBytes: number } {
    return { bytes: this.#cache.bytes, maxBytes: this.#cache.maxBytes };
  }

  /** MB/s: now, and in the mean over the time spent reading. */
  get rate(): { readonly now: number; readonly mean: number } {
    return { now: this.#rate.now(this.#clock.now()), mean: this.#rate.mean };
  }

  /** The track that is to be read, and played from `byte` on. */
  demand(index: number, byte = 0): void {
    this.#isResting = false;
    this.#demand = index;
    this.#playedBytes = byte;
    if (index < this.#tracks.length) this.#tracks[index].lastUse = ++this.#uses;
    this.#changes.notify();
  }

  /** Reads the file that is being read to its end, and no other until one is demanded. */
  rest(): void {
    this.#isResting = true;
  }

  /** Everything up to `byte` of the demanded track was taken. */
  played(byte: number): void {
    this.#playedBytes = byte;
    this.#changes.notify();
  }

  /** The track that is heard now: it stays in memory, and so does what follows it. */
  hear(index: number): void {
    this.#heard = index;
  }

  /** The track at `index`, as soon as it is found; "none" when the tape ends before it. Rejects with what the tape failed with. */
  track(index: number, signal: AbortSignal): Promise<Track | "none"> {
    return this.#changes.until(() => {
      if (index < this.#tracks.length) return this.#tracks[index];
      if (this.#isComplete) return "none";
      this.#throwFailure(index);
    }, signal);
  }

  /** What a track says of itself, as soon as it is read. Rejects with {@link NotFlacError}, or what the tape failed with. */
  metadata(track: Track, signal: AbortSignal): Promise<FlacMetadata> {
    return this.#changes.until(() => {
      if (track.metadata !== undefined) return track.metadata;
      if (track.problem !== undefined) throw new NotFlacError(track.problem);
      this.#throwFailure(track.index);
    }, signal);
  }

  /** What there is of a track from `offset` on, as soon as it is read; "end" behind the last byte. Rejects with what the tape failed with. */
  bytes(track: Track, offset: number, signal: AbortSignal): Promise<Uint8Array | "end"> {
    return this.#changes.until(() => {
      const found = track.data.at(offset);
      if (found !== undefined) return found;
      if (track.data.hasEnd && offset >= track.data.endByte) return "end";
      this.#throwFailure(track.index);
    }, signal);
  }

  /** Forgets a failure and tries again. When the tape is another one, everything read from the old one is forgotten too. */
  retry(): void {
    if (this.#failure instanceof MediumChangedError || this.#failure instanceof OtherTapeError) {
      this.#startOver();
    }
    this.#isFailed = false;
    this.#failure = undefined;
    this.#changes.notify();
  }

  /** Takes the tape to its beginning before anything else is read. */
  rewind(): void {
    this.#wantsRewind = true;
    this.retry();
  }

  /**
   * Ends reading. What the drive is doing may take `graceMs` to end by itself; then it is given up.
   *
   * @returns whether it had to be given up
   */
  async close(clock: Pick<Clock, "schedule">, graceMs: number): Promise<boolean> {
    this.#isClosed = true;
    this.#changes.notify();
    let cancel = () => {};
    const grace = new Promise<boolean>((resolve) => {
      cancel = clock.schedule(() => resolve(true), graceMs);
    });
    const isGivenUp = await Promise.race([this.#working.then(() => false), grace]);
    cancel();
    this.#end.abort(new Error("The player was closed"));
    return isGivenUp;
  }

  #startOver(): void {
    this.#tracks = [];
    this.#cache = new TrackCache(this.#tracks, this.#cache.maxBytes);
    this.#isComplete = false;
    this.#wantsRewind = true;
  }

  /** A failure concerns the track it happened in and all behind it that are not in memory. */
  #throwFailure(index: number): void {
    if (this.#isFailed && index >= this.#failedIndex) throw this.#failure;
  }

  async #work(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#changes.until(() => this.#hasWork() || undefined);
        if (!this.#isClosed) await this.#step();
      } catch (error) {
        if (this.#isClosed) return;
        this.#isFailed = true;
        this.#failure = error;
        this.#failedIndex = this.#nextIndex() ?? this.#demand;
        this.#changes.notify();
      }
    }
  }

  #hasWork(): boolean {
    if (this.#isClosed) return true;
    if (this.#isFailed) return false;
    return this.#wantsRewind || (!this.#isResting && this.#nextIndex() !== undefined);
  }

  async #step(): Promise<void> {
    if (this.#wantsRewind) {
      this.#wantsRewind = false;
      this.#activity = "positioning";
      await this.#place.rewind(this.#end.signal);
    } else {
      await this.#readTrack(this.#nextIndex()!);
    }
    this.#activity = "idle";
    this.#changes.notify();
  }

  /** The first track, from the demanded one on, that is not in memory; those before it only when nobody knows yet where it begins. */
  #nextIndex(): number | undefined {
    const known = this.#tracks.length;
    for (let index = Math.min(this.#demand, known); index < known; index++) {
      if (!this.#isRead(this.#tracks[index])) return index;
    }
    return this.#isComplete ? undefined : known;
  }

  /** Whether nothing more of a track is needed. A track that was too large for the cache is read again from its beginning when it is demanded anew. */
  #isRead(track: Track): boolean {
    if (track.problem !== undefined && track.metadata === undefined) return true;
    if (track.data.isWhole) return true;
    return track.index === this.#demand && track.data.hasEnd &&
      this.#playedBytes >= track.data.firstByte;
  }

  async #readTrack(index: number): Promise<void> {
    const signal = this.#end.signal;
    const track = this.#tracks[index];
    const previous = this.#tracks[index - 1];
    const file = track?.file ?? (previous === undefined ? 0 : previous.file + 1);
    this.#activity = "positioning";
    track?.forget();
    try {
      await this.#place.goTo(file, signal);
    } catch (error) {
      if (!(error instanceof SpaceStoppedError) || track !== undefined) throw error;
      this.#isComplete = true;
      return;
    }
    if (track === undefined) await this.#discover(index, file);
    else await this.#fill(track, await this.#read());
  }

  /** Two filemarks in a row, or the end of data, are the end; a filemark at the very beginning is passed. */
  async #discover(index: number, file: number): Promise<void> {
    let first = await this.#read();
    if (first.kind === "filemark" && file === 0) {
      file = 1;
      first = await this.#read();
    }
    if (first.kind !== "record") {
      this.#isComplete = true;
      return;
    }
    const track = new Track(index, file);
    this.#tracks.push(track);
    await this.#fill(track, first);
  }

  /** Reads a file from its first record on, until its end or until it is wanted no more. */
  async #fill(track: Track, first: ReadResult): Promise<void> {
    let metadata: FlacMetadataReader | undefined = new FlacMetadataReader();
    let result = first;
    for (; result.kind === "record"; result = await this.#read()) {
      if (!await this.#hasRoom(track, result.data.length)) return track.forget();
      track.data.append(result.data);
      if (metadata !== undefined && this.#understand(track, metadata, result.data)) {
        metadata = undefined;
      }
      this.#changes.notify();
      if (!this.#isWanted(track)) return track.forget();
    }
    if (metadata !== undefined) track.problem = CUT_METADATA;
    if (result.kind === "end-of-data") this.#isComplete = true;
    track.data.end();
    this.#changes.notify();
  }

  /** Whether a track should be read on: it is played, or comes after the one that is. */
  #isWanted(track: Track): boolean {
    if (this.#isClosed || this.#wantsRewind) return false;
    if (track.problem !== undefined && track.metadata === undefined) return false;
    if (track.index < this.#demand) return track.metadata === undefined;
    if (track.index === this.#demand) {
      return track.metadata === undefined || this.#playedBytes >= track.data.firstByte;
    }
    return !this.#tracks.slice(this.#demand, track.index).some((each) => !this.#isRead(each));
  }

  /** Whether metadata is complete. @throws {OtherTapeError} when it is not that of the track which was here before. */
  #understand(track: Track, reader: FlacMetadataReader, record: Uint8Array): boolean {
    try {
      const metadata = reader.push(record);
      if (metadata === undefined) return false;
      const before = track.metadata?.info.raw;
      if (before?.some((byte, at) => byte !== metadata.info.raw[at])) {
        throw new OtherTapeError(
          `Cannot read track ${track.index + 1}: another file stands in its place on the tape`,
        );
      }
      track.metadata = metadata;
      if (track.index === this.#demand) {
        this.#playedBytes = Math.max(this.#playedBytes, metadata.audioOffset);
      }
      return true;
    } catch (error) {
      if (!(error instanceof NotFlacError)) throw error;
      track.problem = error.message;
      return true;
    }
  }

  /** Waits for room; false when the track is wanted no more. */
  async #hasRoom(track: Track, bytes: number): Promise<boolean> {
    const isFree = () => {
      if (!this.#isWanted(track)) return false;
      if (this.#cache.makeRoom(bytes, track, this.#protection(track))) return true;
      this.#activity = "cache full";
    };
    const has = isFree() ?? await this.#changes.until(isFree);
    if (has) this.#activity = "reading";
    return has;
  }

  #protection(track: Track) {
    const playing = this.#demand;
    const from = Math.min(this.#heard, playing);
    // Nobody comes back for the metadata: its reader has what it needs.
    const playedBytes = track.metadata === undefined ? track.data.endByte : this.#playedBytes;
    return { from, to: track.index, playing, playedBytes };
  }

  async #read(): Promise<ReadResult> {
    this.#activity = "reading";
    const beginMs = this.#clock.now();
    const result = await this.#place.read(this.#end.signal);
    const endMs = this.#clock.now();
    const bytes = result.kind === "record" ? result.data.length : 0;
    this.#rate.add(bytes, endMs, endMs - beginMs);
    return result;
  }
}
