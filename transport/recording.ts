import type { ByteStream } from "./byte_stream.ts";
import { type Direction, tracing } from "./tracing.ts";

/** Bytes that passed a stream together. */
export interface TranscriptEntry {
  /** When, by the clock that was handed in. */
  readonly atMs: number;
  /** Which way. */
  readonly direction: Direction;
  /** What; not to be modified. */
  readonly bytes: Uint8Array;
}

/** All that passed a stream, in order: data alone, so that it can be stored and compared. */
export interface Transcript {
  /** In the order in which reads settled and writes began. */
  readonly entries: readonly TranscriptEntry[];
  /** Whether more passed than was kept. */
  readonly truncated: boolean;
}

/** Options of {@link recording}. */
export interface RecordingOptions {
  /** Milliseconds since a fixed point in time, for the entries' times. @default a clock that stands at 0 */
  readonly now?: () => number;
  /**
   * Bytes that are kept. What passes beyond is not recorded: the beginning of a conversation is what can be replayed.
   *
   * @default 16777216
   */
  readonly maxBytes?: number;
}

/** A stream, and the transcript of what passed it so far. */
export interface Recording {
  /** To be used in place of the one that was wrapped, which it owns. */
  readonly stream: ByteStream;
  /** Grows while the stream is used. */
  readonly transcript: Transcript;
}

/** Wraps a stream so that all bytes are kept, with direction and time, up to a limit. */
export function recording(stream: ByteStream, options: RecordingOptions = {}): Recording {
  const { now = () => 0, maxBytes = 16 * 1024 * 1024 } = options;
  const entries: TranscriptEntry[] = [];
  const transcript = { entries, truncated: false };
  let room = maxBytes;
  const record = (direction: Direction, bytes: Uint8Array): void => {
    // Once cut it stays cut: an entry behind a gap would replay as if nothing were missing.
    transcript.truncated ||= bytes.length > room;
    if (transcript.truncated) return;
    room -= bytes.length;
    entries.push({ atMs: now(), direction, bytes });
  };
  return { stream: tracing(stream, record), transcript };
}
