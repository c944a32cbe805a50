import type { Clock } from "@uiscsi/tape";
import type { PcmFormat } from "../flac/pcm.ts";
import { abortable } from "../core/abortable.ts";
import { DeviceProcess } from "./device_process.ts";
import type { Pacemaker, PacemakerDuties, RunningPacemaker } from "./paced_sink.ts";

/** There is no sound device, it does not play what it is asked to, or it plays no more. */
export class NoAudioDeviceError extends Error {
  /** The name of this class. */
  override name = "NoAudioDeviceError";
}

/** Options of {@link DevicePacemaker}. */
export interface DevicePacemakerOptions {
  /** The program that plays; `device_program.ts` says what it must do. @default that one */
  readonly program?: URL;
}

/** The computer's default sound device: ALSA, Core Audio or Windows' own. */
export class DevicePacemaker implements Pacemaker {
  readonly name = "sound device";
  readonly #clock: Clock;
  readonly #program: URL;

  constructor(clock: Clock, options: DevicePacemakerOptions = {}) {
    const { program = new URL("./device_program.ts", import.meta.url) } = options;
    this.#clock = clock;
    this.#program = program;
  }

  /** @throws {NoAudioDeviceError} when the library is not installed, or there is no device for this format. */
  async start(
    format: PcmFormat,
    { pull, fail }: PacemakerDuties,
    signal: AbortSignal,
  ): Promise<RunningPacemaker> {
    const { sampleRate, channels } = format;
    const describe = (cause: Error) =>
      new NoAudioDeviceError(
        `Cannot play ${channels} channels at ${sampleRate} Hz: ${cause.message}; connect a sound device, or use --sink silent, wav:DIR or raw:-`,
        { cause },
      );
    const duties = { pull, fail: (error: Error) => fail(describe(error)) };
    const device = new DeviceProcess({
      format,
      duties,
      clock: this.#clock,
      program: this.#program,
    });
    try {
      await abortable(device.started, signal);
      return device;
    } catch (error) {
      await device.stop();
      signal.throwIfAborted();
      throw describe(error as Error);
    }
  }
}
