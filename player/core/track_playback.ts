/**
 * Plays one track: from its bytes on the tape to the sink.
 *
 * @module
 */

import type { FlacMetadata } from "../flac/flac_metadata.ts";
import { type FramePlace, seekFrame } from "../flac/frame_search.ts";
import type { PcmSamples } from "../flac/pcm.ts";
import { TrackChecksum } from "../flac/track_checksum.ts";
import { TrackDecoder } from "../flac/track_decoder.ts";
import type { AudioSink } from "../output/audio_sink.ts";
import type { TapeFeeder } from "../tape/tape_feeder.ts";
import type { Track } from "../tape/track.ts";
import { trackName } from "./track_name.ts";

/** What {@link playTrack} works with. */
export interface PlaybackParts {
  /** Where the bytes come from. */
  readonly feeder: TapeFeeder;
  /** Where the samples go. */
  readonly sink: AudioSink;
}

/**
 * Writes a track to the sink, from sample `startFrame` on. Resolves when all was written, which is before it was heard. What is wrong with the samples is
 * noted in the track.
 *
 * @throws {NotFlacError} when the file cannot be played.
 */
export async function playTrack(
  { feeder, sink }: PlaybackParts,
  track: Track,
  startFrame: number,
  signal: AbortSignal,
): Promise<void> {
  if (track.metadata === undefined) feeder.demand(track.index);
  const metadata = await feeder.metadata(track, signal);
  const { info } = metadata;
  const { sampleRate, channels, bitDepth } = info;
  const place = startingPlace(track, metadata, startFrame);
  const decoder = await TrackDecoder.open(info, place.sample);
  try {
    feeder.demand(track.index, place.offset);
    const format = { sampleRate, channels, bitDepth };
    await sink.begin({ index: track.index, name: trackName(track), format, startFrame }, signal);
    const checksum = new TrackChecksum(info);
    let skip = (startFrame - place.sample) * channels;
    for await (const samples of decoded(feeder, track, decoder, place.offset, signal)) {
      checksum.add(samples);
      const rest = samples.subarray(Math.min(skip, samples.length));
      skip -= samples.length - rest.length;
      await sink.write(rest, signal);
    }
    await sink.finish();
    if (place.sample === 0) conclude(track, checksum, decoder.lostFrames);
  } finally {
    decoder.close();
  }
}

/** Decoding begins at a frame shortly before the sample, if that is in memory; otherwise at the first one, which is slower and as exact. */
function startingPlace(track: Track, metadata: FlacMetadata, startFrame: number): FramePlace {
  const { audioOffset, info } = metadata;
  const beginning = { offset: audioOffset, sample: 0 };
  if (startFrame === 0) return beginning;
  return seekFrame(track.data, startFrame, audioOffset, info) ?? beginning;
}

async function* decoded(
  feeder: TapeFeeder,
  track: Track,
  decoder: TrackDecoder,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<PcmSamples, void, undefined> {
  for (let at = from;;) {
    const bytes = await feeder.bytes(track, at, signal);
    if (bytes === "end") break;
    yield* decoder.decode(bytes);
    at += bytes.length;
    feeder.played(at);
  }
  yield* decoder.flush();
}

function conclude(track: Track, checksum: TrackChecksum, lostFrames: number): void {
  const verdict = checksum.verdict();
  track.isVerified = verdict === "verified";
  if (verdict !== "damaged" && lostFrames === 0) return;
  const { totalFrames } = track.metadata!.info;
  const decodedFrames = checksum.frames - lostFrames;
  track.problem = decodedFrames === totalFrames
    ? "The samples are not those that were encoded: their MD5 differs"
    : `The file is damaged: ${decodedFrames} of ${totalFrames} samples could be decoded`;
}
