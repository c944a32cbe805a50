import { isSameFormat, type PcmFormat, type PcmSamples } from "../flac/pcm.ts";
import { abortable } from "../core/abortable.ts";
import type { Changes } from "../core/changes.ts";
import type { AudioSink, Heard, SinkTrack } from "./audio_sink.ts";
import { PcmQueue } from "./pcm_queue.ts";

/** Something that takes sound at its own pace. */
export interface Pacemaker {
  /** For people: what this is. */
  readonly name: string;
  /** Begins to take sound. Resolves when it does; rejects when there is no such device, or with the signal's reason. */
  start(
    format: PcmFormat,
    duties: PacemakerDuties,
    signal: AbortSignal,
  ): Promise<RunningPacemaker>;
}

/** What a device is given to do. */
export interface PacemakerDuties {
  /** Fills `into` with the next interleaved 16-bit samples. */
  pull(into: Int16Array): void;
  /** Is told why the device takes no more, once, if it fails. */
  fail(error: Error): void;
}

/** A device at work. */
export interface RunningPacemaker {
  /** Takes no more, and resolves when all that it took was heard. */
  finish(): Promise<void>;
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
  /** It was told to finish: whatever follows needs another one. */
  isFinished: boolean;
  /** Why it takes no more. */
  readonly failure: Error | undefined;
}

/** Sound in real time: a queue that a device takes from. */
export class PacedSink implements AudioSink {
  readonly #pacemaker: Pacemaker;
  readonly #changes: Changes;
  readonly #bufferSeconds: number;
  #output: Output | undefined;
  /** What was heard last of the device before. */
  #heardBefore: Heard | undefined;
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
    return this.#output?.queue.heard ?? this.#heardBefore;
  }

  get bufferedSeconds(): number {
    const output = this.#output;
    return output === undefined ? 0 : output.queue.frames / output.format.sampleRate;
  }

  get targetSeconds(): number {
    return this.#bufferSeconds;
  }

  async begin(track: SinkTrack, signal: AbortSignal): Promise<void> {
    if (this.#output !== undefined && !isReady(this.#output, track.format)) {
      if (hasMoreToGive(this.#output)) await this.drain(signal);
      this.#heardBefore = this.heard;
      await this.#stop();
    }
    this.#output ??= await this.#start(track.format, signal);
    this.#output.queue.isEnding = false;
    this.#index = track.index;
    this.#frame = track.startFrame;
  }

  async write(samples: PcmSamples, signal: AbortSignal): Promise<void> {
    const output = this.#output!;
    const { queue, format } = output;
    const maxFrames = 2 * this.#bufferSeconds * format.sampleRate;
    await this.#until(output, () => queue.frames < maxFrames, signal);
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
    output.queue.isEnding = true;
    await this.#until(output, () => output.queue.frames === 0, signal);
    output.isFinished = true;
    await abortable(output.running.finish(), signal);
  }

  setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
  }

  clear(): void {
    this.#heardBefore = undefined;
    this.#output?.queue.clear();
  }

  async close(): Promise<void> {
    this.clear();
    await this.#stop();
  }

  /** Waits; rejects when the device fails meanwhile. */
  #until(output: Output, probe: () => boolean, signal: AbortSignal): Promise<true> {
    return this.#changes.until(() => {
      if (output.failure !== undefined) throw output.failure;
      return probe() || undefined;
    }, signal);
  }

  async #start(format: PcmFormat, signal: AbortSignal): Promise<Output> {
    const queue = new PcmQueue(format, Math.floor(this.#bufferSeconds * format.sampleRate));
    let failure: Error | undefined;
    const duties: PacemakerDuties = {
      pull: (into) => {
        queue.pull(into, this.#isPaused);
        this.#changes.notify();
      },
      fail: (error) => {
        failure = error;
        this.#changes.notify();
      },
    };
    const running = await this.#pacemaker.start(format, duties, signal);
    return {
      format,
      queue,
      running,
      isFinished: false,
      get failure() {
        return failure;
      },
    };
  }

  async #stop(): Promise<void> {
    const output = this.#output;
    this.#output = undefined;
    await output?.running.stop();
  }
}

function isReady({ format, isFinished, failure }: Output, wanted: PcmFormat): boolean {
  return !isFinished && failure === undefined && isSameFormat(format, wanted);
}

/** Whether it still sounds: not when all was forgotten, for another place is to be heard. */
function hasMoreToGive({ queue, isFinished, failure }: Output): boolean {
  const isForgotten = queue.frames === 0 && queue.heard === undefined;
  return !isFinished && failure === undefined && !isForgotten;
}
