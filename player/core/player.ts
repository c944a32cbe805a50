/**
 * The player without its looks: commands go in, and what there is to see comes out.
 *
 * @module
 */

import { NotFlacError } from "../flac/flac_metadata.ts";
import type { AudioSink } from "../output/audio_sink.ts";
import type { TapeFeeder } from "../tape/tape_feeder.ts";
import type { Changes } from "./changes.ts";
import {
  actionFor,
  type PlayerCommand,
  type PlayerStatus,
  SEEK_SECONDS,
} from "./player_commands.ts";
import { playTrack } from "./track_playback.ts";

/** Pressed later than this into a track, "previous" means its beginning. */
const RESTART_SECONDS = 3;

/** What a {@link Player} is made from. */
export interface PlayerParts {
  /** Reads the tape. */
  readonly feeder: TapeFeeder;
  /** Plays the sound. */
  readonly sink: AudioSink;
  /** Shared with the two. */
  readonly changes: Changes;
}

/** Options of {@link Player}. */
export interface PlayerOptions {
  /** Goes on with the next track after a file that cannot be played, instead of stopping there. @default false */
  readonly skipsBadTracks?: boolean;
}

/** Where the player is. */
export interface PlayerState {
  /** What it does. */
  readonly status: PlayerStatus;
  /** Place in the playlist of the track that is heard or selected, from 0. */
  readonly index: number;
  /** Seconds of the track that were heard. */
  readonly seconds: number;
  /** What went wrong, in status `error`. */
  readonly failure: unknown;
}

interface Run {
  readonly ending: AbortController;
  readonly done: Promise<void>;
}

/** Plays the tracks of a tape in order, as it is told. */
export class Player {
  readonly #feeder: TapeFeeder;
  readonly #sink: AudioSink;
  readonly #changes: Changes;
  readonly #skipsBadTracks: boolean;
  #run: Run | undefined;
  /** The run before has let go of the sink when this resolves. */
  #idle: Promise<void> = Promise.resolve();
  #index = 0;
  #frame = 0;
  /** The track that is decoded, which may be one ahead of what is heard, and where that began. */
  #decoding = { index: 0, frame: 0 };
  #isPaused = false;
  #outcome: "stopped" | "end" | "error" = "stopped";
  #failure: unknown;

  constructor({ feeder, sink, changes }: PlayerParts, options: PlayerOptions = {}) {
    const { skipsBadTracks = false } = options;
    this.#feeder = feeder;
    this.#sink = sink;
    this.#changes = changes;
    this.#skipsBadTracks = skipsBadTracks;
  }

  /** Where the player is at this moment. */
  get state(): PlayerState {
    const { index, frame } = this.#heard();
    const rate = this.#feeder.tracks[index]?.metadata?.info.sampleRate ?? 1;
    const status = this.#status();
    const failure = status === "error" ? this.#failure : undefined;
    return { status, index, seconds: frame / rate, failure };
  }

  /** Does what a listener asks for, as far as it means something now. Never throws; what fails shows in {@link state}. */
  command(command: PlayerCommand): void {
    const { index, seconds } = this.state;
    const last = Math.max(0, this.#feeder.tracks.length - 1);
    switch (actionFor(this.#status(), command)) {
      case "play":
        return this.play(this.#index);
      case "play-first":
        return this.play(0);
      case "play-last":
        return this.play(last);
      case "play-next":
        return this.play(index + 1);
      case "play-previous":
        return this.play(seconds < RESTART_SECONDS ? Math.max(0, index - 1) : index);
      case "rewind":
        this.#feeder.rewind();
        return this.play(0);
      case "retry":
        this.#feeder.retry();
        return this.#feeder.tracks.length === 0
          ? this.play(0)
          : this.play(this.#index, this.#frame);
      case "pause":
        return this.#setPaused(true);
      case "resume":
        return this.#setPaused(false);
      case "halt":
        return this.#halt();
      case "select-next":
        return this.#select(Math.min(index + 1, last));
      case "select-previous":
        return this.#select(Math.max(index - 1, 0));
      case "select-first":
        this.#feeder.rewind();
        return this.#select(0);
      case "seek":
        return this.#seek(SEEK_SECONDS[command]!);
      case "nothing":
        return;
    }
  }

  /** Plays from a track on, beginning at sample `frame`. */
  play(index: number, frame = 0): void {
    this.#abandonRun();
    if (this.#feeder.activity === "failed") this.#feeder.retry();
    this.#select(index, frame);
    this.#failure = undefined;
    this.#setPaused(false);
    this.#feeder.hear(index);
    const ending = new AbortController();
    const done = this.#idle.then(() => this.#perform(index, frame, ending.signal));
    this.#run = { ending, done };
    this.#idle = done;
    this.#changes.notify();
  }

  /** Resolves when the player plays no more: at the end, after a failure, or because it was stopped. */
  async settled(): Promise<PlayerState> {
    await this.#changes.until(() => this.#run === undefined || undefined);
    return this.state;
  }

  /** Stops at once. The sink stays the caller's to close, then. */
  async close(): Promise<void> {
    this.#abandonRun();
    await this.#idle;
  }

  #status(): PlayerStatus {
    if (this.#run === undefined) return this.#outcome;
    if (this.#isPaused) return "paused";
    return this.#sink.isSounding && this.#sink.heard !== undefined ? "playing" : "loading";
  }

  #heard(): { readonly index: number; readonly frame: number } {
    const heard = this.#run === undefined ? undefined : this.#sink.heard;
    return heard ?? { index: this.#index, frame: this.#frame };
  }

  #select(index: number, frame = 0): void {
    this.#index = index;
    this.#frame = frame;
    this.#changes.notify();
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#sink.setPaused(isPaused);
    this.#changes.notify();
  }

  #halt(): void {
    const { index } = this.state;
    this.#abandonRun();
    this.#feeder.rest();
    this.#outcome = "stopped";
    this.#select(index);
  }

  #seek(seconds: number): void {
    const { index, frame } = this.#heard();
    const info = this.#feeder.tracks[index]?.metadata?.info;
    if (info === undefined) return;
    const wasPaused = this.#isPaused;
    const target = Math.max(0, Math.round(frame + seconds * info.sampleRate));
    if (info.totalFrames > 0 && target >= info.totalFrames) return;
    this.play(index, target);
    if (wasPaused) this.#setPaused(true);
  }

  #abandonRun(): void {
    this.#run?.ending.abort(new Error("Playing was abandoned"));
    this.#run = undefined;
    this.#failure = undefined;
    this.#sink.clear();
  }

  /** Plays until the end of the tape, a failure, or the signal. Never rejects. */
  async #perform(index: number, frame: number, signal: AbortSignal): Promise<void> {
    try {
      if (signal.aborted) return;
      this.#sink.clear();
      await this.#playFrom(index, frame, signal);
      await this.#sink.drain(signal);
      this.#finish("end", Math.max(0, this.#feeder.tracks.length - 1), 0, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = error;
      await this.#sink.drain(signal).catch(() => {});
      const resumption = this.#resumption();
      this.#finish("error", resumption.index, resumption.frame, signal);
    }
  }

  /** Where to take up the track that is decoded, after a failure. */
  #resumption(): { readonly index: number; readonly frame: number } {
    const { heard } = this.#sink;
    return heard?.index === this.#decoding.index ? heard : this.#decoding;
  }

  async #playFrom(first: number, firstFrame: number, signal: AbortSignal): Promise<void> {
    for (let index = first;; index++) {
      const frame = index === first ? firstFrame : 0;
      this.#decoding = { index, frame };
      this.#feeder.hear(this.#sink.heard?.index ?? index);
      if (index >= this.#feeder.tracks.length) this.#feeder.demand(index);
      const track = await this.#feeder.track(index, signal);
      if (track === "none") return;
      try {
        await playTrack({ feeder: this.#feeder, sink: this.#sink }, track, frame, signal);
      } catch (error) {
        const isBadTrack = error instanceof NotFlacError;
        if (isBadTrack && !signal.aborted) track.problem ??= error.message;
        if (!isBadTrack || !this.#skipsBadTracks) throw error;
      }
    }
  }

  #finish(outcome: "end" | "error", index: number, frame: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#run = undefined;
    this.#outcome = outcome;
    this.#select(index, frame);
  }
}
