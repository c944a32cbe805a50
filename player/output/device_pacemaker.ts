import type { PcmFormat } from "../flac/pcm.ts";
import type { Pacemaker, RunningPacemaker } from "./paced_sink.ts";

/** Long enough that a busy event loop does not tear the sound, short enough that a key is heard at once. */
const DEVICE_BUFFER_MS = 200;

/** There is no sound device, or it does not play what it is asked to. */
export class NoAudioDeviceError extends Error {
  /** The name of this class. */
  override name = "NoAudioDeviceError";
}

/** The computer's default sound device: ALSA, Core Audio or Windows' own. The library is loaded when first needed. */
export class DevicePacemaker implements Pacemaker {
  readonly name = "sound device";

  /** @throws {NoAudioDeviceError} when the library is not installed, or there is no device for this format. */
  async start(format: PcmFormat, pull: (into: Int16Array) => void): Promise<RunningPacemaker> {
    const { sampleRate, channels } = format;
    try {
      const { createAudioOutput } = await import("@echogarden/audio-io");
      const output = await createAudioOutput(
        { sampleRate, channelCount: channels, bufferDuration: DEVICE_BUFFER_MS },
        pull,
      );
      return {
        latencySeconds: DEVICE_BUFFER_MS / 1000,
        stop: () => output.dispose(),
      };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new NoAudioDeviceError(
        `Cannot play ${channels} channels at ${sampleRate} Hz: ${reason}; connect a sound device, or use --sink silent, wav:DIR or raw:-`,
        { cause: error },
      );
    }
  }
}
