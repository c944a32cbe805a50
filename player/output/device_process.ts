import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Clock } from "@uiscsi/tape";
import type { PcmFormat } from "../flac/pcm.ts";
import type { PacemakerDuties, RunningPacemaker } from "./paced_sink.ts";

const PORTION_MS = 50;
/** Long enough that a busy event loop does not tear the sound, short enough that a key is heard at once. */
const PORTIONS_AHEAD = 4;
const CHECK_MS = 500;
/** A device that took nothing for so many checks on end takes nothing any more. */
const MAX_IDLE_CHECKS = 10;
const STOP_MS = 500;
/** How the program's own line on its standard error begins. */
const FAILED = "failed: ";

/** What a {@link DeviceProcess} is made from. */
export interface DeviceProcessParts {
  readonly format: PcmFormat;
  readonly duties: PacemakerDuties;
  readonly clock: Clock;
  /** The program to run; `device_program.ts` says what it must do. */
  readonly program: URL;
}

/**
 * A sound device, in a process of its own: the library waits for the device on the thread that it is called on, and a device that hangs, or that is pulled
 * out, takes the library down with it.
 */
export class DeviceProcess implements RunningPacemaker {
  /** Resolves when the device takes sound; rejects with the reason when it never does. */
  readonly started: Promise<void>;
  readonly #duties: PacemakerDuties;
  readonly #clock: Clock;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #portionSamples: number;
  #settleStart: (failure?: Error) => void = () => {};
  #cancelCheck = () => {};
  #idleChecks = 0;
  #complaints = "";
  #isEnding = false;

  constructor({ format, duties, clock, program }: DeviceProcessParts) {
    const { sampleRate, channels } = format;
    this.#duties = duties;
    this.#clock = clock;
    this.#portionSamples = Math.ceil(sampleRate * PORTION_MS / 1000) * channels;
    this.started = new Promise((resolve, reject) => {
      this.#settleStart = (failure) => failure === undefined ? resolve() : reject(failure);
    });
    this.started.catch(() => {}); // Whoever waits for it hears of it.
    const args = [sampleRate, channels, 2 * this.#portionSamples].map(String);
    this.#child = fork(fileURLToPath(program), args, { stdio: ["pipe", "pipe", "pipe", "ipc"] });
    this.#exited = new Promise((resolve) => {
      this.#child.once("close", () => resolve());
      this.#child.once("error", () => resolve());
    });
    this.#listen();
    this.#give(PORTIONS_AHEAD);
    this.#check();
  }

  async finish(): Promise<void> {
    this.#isEnding = true;
    this.#child.stdin!.end();
    await this.#exited;
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    this.#cancelCheck();
    this.#child.kill("SIGKILL");
    let cancel = () => {};
    const patience = new Promise<void>((resolve) => {
      cancel = this.#clock.schedule(resolve, STOP_MS);
    });
    await Promise.race([this.#exited, patience]);
    cancel();
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    stdin!.on("error", () => {}); // It has ended; that is told of below.
    stdout!.on("data", (portions: Uint8Array) => {
      this.#idleChecks = 0;
      this.#settleStart();
      if (!this.#isEnding) this.#give(portions.length);
    });
    stderr!.on("data", (text: Uint8Array) => {
      this.#complaints = (this.#complaints + new TextDecoder().decode(text)).slice(-2000);
    });
    this.#exited.then(() => {
      this.#cancelCheck();
      this.#fail(reasonIn(this.#complaints));
    });
  }

  #give(portions: number): void {
    for (let count = 0; count < portions; count++) {
      const samples = new Int16Array(this.#portionSamples);
      this.#duties.pull(samples);
      this.#child.stdin!.write(new Uint8Array(samples.buffer));
    }
  }

  /** By turns of the event loop, not by the clock: a computer that slept has not failed. */
  #check(): void {
    this.#cancelCheck = this.#clock.schedule(() => {
      if (++this.#idleChecks < MAX_IDLE_CHECKS) return this.#check();
      this.#child.kill("SIGKILL");
      this.#fail("the device takes no more sound");
    }, CHECK_MS);
  }

  #fail(reason: string): void {
    const error = new Error(reason);
    this.#settleStart(error);
    if (!this.#isEnding) this.#duties.fail(error);
    this.#isEnding = true;
  }
}

/** What the program says, or else whatever was written last: by the library, say, that took it down. */
function reasonIn(complaints: string): string {
  const lines = complaints.trimEnd().split("\n");
  const told = lines.findLast((line) => line.startsWith(FAILED))?.slice(FAILED.length);
  return told ?? (lines.at(-1) || "the device gave up");
}
