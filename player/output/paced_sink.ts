import { isSameFormat, type PcmFormat, type PcmSamples } from "../flac/pcm.ts";
import type { Changes } from "../core/changes.ts";
import type { AudioSink, Heard, SinkTrack } from "./audio_sink.ts";
import { PcmQueue } from "./pcm_queue.ts";

/** Something that takes sound at its own pace. */
export interface Pacemaker {
  /** For people: what this is. */
  readonly name: string;
  /**
   * Begins to ask `pull` for interleaved 16-bit samples. Resolves when it does; rejects when there is no such device.
   */
  start(format: PcmFormat, pull: (into: Int16Array) => void): Promise<RunningPacemaker>;
}

/** A device at work. */
export interface RunningPacemaker {
  /** Seconds from a sample's being taken to its being heard. */
  readonly latencySeconds: number;
  /** Ends it, with what it has not yet given out. */
  stop(): Promise<void>;
}

/** Options of {@link PacedSink}. */
export interface PacedSinkOptions {
  /** Seconds of sound to gather before any comes out, at the beginning and after the tape was too slow. @default 2 */
  readonly bufferSeconds?: number;
}

interface Output {
  readonly format: PcmFormat;
  readonly queue: PcmQueue;
  readonly running: RunningPacemaker;
}

/** Sound in real time: a queue that a device takes from. */
export class PacedSink implements AudioSink {
  readonly #pacemaker: Pacemaker;
  readonly #changes: Changes;
  readonly #bufferSeconds: number;
  #output: Output | undefined;
  #index = 0;
  #frame = 0;
  #isPaused = false;

  constructor(pacemaker: Pacemaker, changes: Changes, options: PacedSinkOptions = {}) {
    const { bufferSeconds = 2 } = options;
    this.#pacemaker = pacemaker;
    this.#changes = changes;
    this.#bufferSeconds = bufferSeconds;
  }

  get name(): string {
    return this.#pacemaker.name;
  }

  get isSounding(): boolean {
    return !this.#isPaused && (this.#output?.queue.isFlowing ?? false);
  }

  get heard(): Heard | undefined {
    return this.#output?.queue.heard;
  }

  get bufferedSeconds(): number {
    const output = this.#output;
    return output === undefined ? 0 : output.queue.frames / output.format.sampleRate;
  }

  get targetSeconds(): number {
    return this.#bufferSeconds;
  }

  async begin(track: SinkTrack, signal: AbortSignal): Promise<void> {
    if (this.#output !== undefined && !isSameFormat(this.#output.format, track.format)) {
      await this.drain(signal);
      await this.#stop();
    }
    this.#output ??= await this.#start(track.format);
    this.#output.queue.isEnding = false;
    this.#index = track.index;
    this.#frame = track.startFrame;
  }

  async write(samples: PcmSamples, signal: AbortSignal): Promise<void> {
    const { queue, format } = this.#output!;
    const maxFrames = 2 * this.#bufferSeconds * format.sampleRate;
    await this.#changes.until(() => queue.frames < maxFrames || undefined, signal);
    queue.push(this.#index, this.#frame, samples);
    this.#frame += samples.length / format.channels;
    this.#changes.notify();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  async drain(signal: AbortSignal): Promise<void> {
    const output = this.#output;
    if (output === undefined) return;
    const { queue, format, running } = output;
    queue.isEnding = true;
    const latencyFrames = running.latencySeconds * format.sampleRate;
    const isSilent = () => queue.frames === 0 && queue.silentFrames >= latencyFrames;
    await this.#changes.until(() => isSilent() || undefined, signal);
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  clear(): void {
    this.#output?.queue.clear();
  }

  async close(): Promise<void> {
    this.clear();
    await this.#stop();
  }

  async #start(format: PcmFormat): Promise<Output> {
    const queue = new PcmQueue(format, Math.floor(this.#bufferSeconds * format.sampleRate));
    const running = await this.#pacemaker.start(format, (into) => {
      queue.pull(into, this.#isPaused);
      this.#changes.notify();
    });
    return { format, queue, running };
  }

  async #stop(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    await output?.running.stop();
  }
}
