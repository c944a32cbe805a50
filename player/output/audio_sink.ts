import type { PcmFormat, PcmSamples } from "../flac/pcm.ts";

/** A track, as a sink sees it. */
export interface SinkTrack {
  /** Place in the playlist, from 0. */
  readonly index: number;
  /** Artist and title, for a file's name. */
  readonly name: string;
  /** How its samples are to be played. */
  readonly format: PcmFormat;
  /** The first sample that will be written; after a seek it is not 0. */
  readonly startFrame: number;
}

/** What is heard at this moment. */
export interface Heard {
  /** Place in the playlist, from 0. */
  readonly index: number;
  /** How many samples of each channel of the track have been heard. */
  readonly frame: number;
}

/** Where sound goes. One call of begin, write, finish or drain at a time. */
export interface AudioSink {
  /** For people: what this is. */
  readonly name: string;
  /** Whether sound comes out now: enough is in the buffer, and it is not paused. */
  readonly isSounding: boolean;
  /** What is heard; `undefined` before the first sample, and after `clear()`. */
  readonly heard: Heard | undefined;
  /** Seconds of sound that were written but not heard. */
  readonly bufferedSeconds: number;
  /** Seconds of sound that must be in the buffer before any comes out; 0 where it does not matter. */
  readonly targetSeconds: number;
  /** Begins a track. What was written before is still heard to its end; in the same format there is no gap. */
  begin(track: SinkTrack, signal: AbortSignal): Promise<void>;
  /** Takes samples, which are the sink's from here on, and waits while its buffer is full. */
  write(samples: PcmSamples, signal: AbortSignal): Promise<void>;
  /** All of the track was written. */
  finish(): Promise<void>;
  /** Waits until everything was heard. */
  drain(signal: AbortSignal): Promise<void>;
  /** Holds the sound, or lets it go on. */
  setPaused(isPaused: boolean): void;
  /** Forgets what was not heard. */
  clear(): void;
  /** Releases the device or file. */
  close(): Promise<void>;
}
