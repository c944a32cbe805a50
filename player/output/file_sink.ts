import { encodeSamples, type PcmSamples } from "../flac/pcm.ts";
import { abortable } from "../core/abortable.ts";
import type { Changes } from "../core/changes.ts";
import type { AudioSink, Heard, SinkTrack } from "./audio_sink.ts";

/** Where the bytes of tracks go. */
export interface TrackWriter {
  /** For people: what this is. */
  readonly name: string;
  /** Whether 8-bit samples have no sign. */
  readonly hasUnsignedBytes: boolean;
  /** Begins a track. */
  begin(track: SinkTrack): Promise<void>;
  /** Takes encoded samples. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the track. */
  finish(): Promise<void>;
  /** Ends all; a track that was begun stays as far as it was written. */
  close(): Promise<void>;
}

/** Sound into files, as fast as it comes. */
export class FileSink implements AudioSink {
  readonly bufferedSeconds = 0;
  readonly targetSeconds = 0;
  readonly #changes: Changes;
  readonly #writer: TrackWriter;
  #isPaused = false;
  #track: SinkTrack | undefined;
  #frames = 0;

  constructor(writer: TrackWriter, changes: Changes) {
    this.#writer = writer;
    this.#changes = changes;
  }

  get name(): string {
    return this.#writer.name;
  }

  get isSounding(): boolean {
    return !this.#isPaused;
  }

  get heard(): Heard | undefined {
    const track = this.#track;
    return track && { index: track.index, frame: track.startFrame + this.#frames };
  }

  async begin(track: SinkTrack): Promise<void> {
    await this.#writer.begin(track);
    this.#track = track;
    this.#frames = 0;
  }

  async write(samples: PcmSamples, signal: AbortSignal): Promise<void> {
    await this.#changes.until(() => !this.#isPaused || undefined, signal);
    const { channels, bitDepth } = this.#track!.format;
    const bytes = encodeSamples(samples, bitDepth, this.#writer.hasUnsignedBytes);
    // Whoever reads a pipe may take their time, also when the player is to end.
    await abortable(this.#writer.write(bytes), signal);
    this.#frames += samples.length / channels;
  }

  finish(): Promise<void> {
    return this.#writer.finish();
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#changes.notify();
  }

  clear(): void {
    this.#track = undefined;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
