import type { StreamInfo } from "../flac/flac_metadata.ts";
import type { AudioSink } from "../output/audio_sink.ts";
import type { TapeFeeder } from "../tape/tape_feeder.ts";
import type { Track } from "../tape/track.ts";
import type { PlayerView, TrackView } from "./player_view.ts";
import type { Player } from "./player.ts";
import { trackName } from "./track_name.ts";

/** What is asked for what there is to see. */
export interface SnapshotSources {
  readonly player: Player;
  readonly feeder: TapeFeeder;
  readonly sink: AudioSink;
  /** What the drive is called. */
  readonly drive: string;
}

/** What there is to see now. */
export function snapshot({ player, feeder, sink, drive }: SnapshotSources): PlayerView {
  const { status, index, seconds, failure } = player.state;
  const { bytes, maxBytes } = feeder.cache;
  const { now, mean } = feeder.rate;
  return {
    drive,
    sink: sink.name,
    status,
    failure: failure === undefined ? "" : failureText(failure),
    tape: feeder.activity,
    rateNow: now,
    rateMean: mean,
    bufferedSeconds: sink.bufferedSeconds,
    targetSeconds: sink.targetSeconds,
    cacheBytes: bytes,
    maxCacheBytes: maxBytes,
    index,
    seconds,
    tracks: feeder.tracks.map(trackView),
    isComplete: feeder.isComplete,
  };
}

/** What went wrong, for people. */
export function failureText(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

function trackView(track: Track): TrackView {
  const { metadata, presence, isVerified, problem = "" } = track;
  const tag = (name: string) => metadata?.tags.get(name) ?? "";
  return {
    name: trackName(track),
    artist: tag("ARTIST"),
    album: tag("ALBUM"),
    title: tag("TITLE"),
    format: metadata === undefined ? "" : formatText(metadata.info),
    seconds: metadata === undefined || metadata.info.totalFrames === 0
      ? undefined
      : metadata.info.totalFrames / metadata.info.sampleRate,
    presence,
    isVerified,
    problem,
  };
}

/** `FLAC, 44.1 kHz, 16 bit, 2 ch`. */
function formatText({ sampleRate, bitDepth, channels }: StreamInfo): string {
  return `FLAC, ${sampleRate / 1000} kHz, ${bitDepth} bit, ${channels} ch`;
}
