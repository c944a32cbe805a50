import type { Clock } from "@uiscsi/tape";
import type { ByteSink } from "@uiscsi/tape/cli";
import type { Changes } from "../core/changes.ts";
import type { AudioSink } from "../output/audio_sink.ts";
import { DevicePacemaker } from "../output/device_pacemaker.ts";
import { FileSink } from "../output/file_sink.ts";
import { PacedSink } from "../output/paced_sink.ts";
import { RawWriter } from "../output/raw_writer.ts";
import { SilentPacemaker } from "../output/silent_pacemaker.ts";
import { WavWriter } from "../output/wav_writer.ts";
import type { PlayerOptionValues } from "./player_options.ts";

/** What of the computer sinks need. */
export interface SinkHost {
  readonly clock: Clock;
  openStdout(): ByteSink;
}

/** Whether a sink takes sound as it is heard, and not as fast as it comes. */
export function isRealTime({ sink }: Pick<PlayerOptionValues, "sink">): boolean {
  return sink.kind === "device" || sink.kind === "silent";
}

/** The sink that the command line asks for. */
export function makeSink(
  { sink, bufferSeconds }: Pick<PlayerOptionValues, "sink" | "bufferSeconds">,
  host: SinkHost,
  changes: Changes,
): AudioSink {
  switch (sink.kind) {
    case "device":
      return new PacedSink(new DevicePacemaker(host.clock), changes, { bufferSeconds });
    case "silent":
      return new PacedSink(new SilentPacemaker(host.clock), changes, { bufferSeconds });
    case "wav":
      return new FileSink(new WavWriter(sink.directory), changes);
    case "raw":
      return new FileSink(new RawWriter(host.openStdout()), changes);
  }
}
