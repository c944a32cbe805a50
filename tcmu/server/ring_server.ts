/**
 * Serves a device to the kernel: takes commands out of the ring, has the device execute them one at a time in order
 * (SAM-5 §8), and answers.
 *
 * @module
 */

import { encodeSense, SenseKey, Status } from "@uiscsi/tape/scsi";
import type { DeviceServer, Nexus, TaskResult } from "@uiscsi/tape/sim";
import { commandBytes, CommandRing } from "../ring/command_ring.ts";
import {
  type RingCommand,
  type RingTaskManagement,
  TaskManagementCode,
} from "../ring/ring_entry.ts";
import { refusal } from "./refusing_device.ts";
import type { SharedRing } from "./shared_ring.ts";

const { LunReset, TargetWarmReset, TargetColdReset } = TaskManagementCode;
const RESETS: readonly number[] = [LunReset, TargetWarmReset, TargetColdReset];
const NO_BYTES = new Uint8Array(0);

/** Options of a {@link RingServer}. */
export interface RingServerOptions {
  /** Hears of what a device throws instead of answering, which is a mistake in the device. @default nobody */
  readonly onDeviceError?: (error: unknown) => void;
}

/** One device and its ring. */
export class RingServer {
  readonly #shared: SharedRing;
  readonly #onDeviceError: ((error: unknown) => void) | undefined;
  readonly #device: DeviceServer;
  readonly #ring: CommandRing;
  /** The kernel does not tell which of its initiators a command comes from. */
  readonly #nexus: Nexus = { initiatorName: "tcmu", isid: "000000000000" };
  readonly #waiting: RingCommand[] = [];
  #running: RingCommand | undefined;
  #looping: Promise<void> | undefined;
  #ending = false;
  #dataOut = NO_BYTES;

  /** @throws {TcmuError} when the memory holds no ring. */
  constructor(
    shared: SharedRing,
    device: DeviceServer,
    { onDeviceError }: RingServerOptions = {},
  ) {
    this.#onDeviceError = onDeviceError;
    this.#shared = shared;
    this.#device = device;
    this.#ring = new CommandRing(shared.memory);
  }

  /** Whether the kernel tells of task management functions. */
  get hasTaskManagement(): boolean {
    return this.#ring.hasTaskManagement;
  }

  /**
   * Serves until there is nothing more to wait for.
   *
   * @throws {TcmuError} when the ring makes no sense.
   */
  async run(): Promise<void> {
    this.#device.nexusEstablished(this.#nexus);
    try {
      do this.#take(); while (await this.#shared.wait());
    } finally {
      this.#ending = true;
      // The memory may go away: what the device has not answered by now, nobody hears.
      this.#running = undefined;
      this.#waiting.length = 0;
      this.#device.nexusLost(this.#nexus);
    }
  }

  /**
   * From here on the device is left alone. A command that it is executing may end until `patience` resolves, and is
   * aborted then; all others are refused. The ring is still served, as the kernel waits for its commands.
   */
  async refuse(patience: Promise<void>): Promise<void> {
    this.#ending = true;
    this.#answerWaiting(refusal);
    if (this.#looping !== undefined) await Promise.race([this.#looping, patience]);
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#answer(running, ended());
  }

  #take(): void {
    for (const entry of this.#ring.take()) {
      if (entry.kind === "command") this.#waiting.push(entry);
      else this.#manage(entry);
    }
    if (this.#ending) this.#answerWaiting(refusal);
    else if (this.#waiting.length > 0) this.#looping ??= this.#loop();
  }

  /** Commands that wait end at once; one that runs cannot be stopped, and the kernel waits for it. */
  #manage({ functionCode, ids }: RingTaskManagement): void {
    for (const id of ids) {
      const index = this.#waiting.findIndex((command) => command.id === id);
      if (index < 0) continue;
      const [command] = this.#waiting.splice(index, 1);
      this.#answer(command, { status: Status.TaskAborted });
    }
    if (RESETS.includes(functionCode) && !this.#ending) this.#device.reset();
  }

  async #loop(): Promise<void> {
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#running = next;
        const result = await this.#execute(next);
        // It may have been answered while the device was at it.
        if (this.#running === next) this.#answer(next, result);
        this.#running = undefined;
      }
    } finally {
      this.#looping = undefined;
    }
  }

  async #execute(command: RingCommand): Promise<TaskResult> {
    try {
      const { cdb } = command;
      const wanted = Math.min(this.#device.dataOutLength(cdb), commandBytes(command));
      const dataOut = this.#room(wanted);
      this.#ring.dataOut(command, dataOut);
      const result = await this.#device.execute({ cdb, dataOut, nexus: this.#nexus });
      return wanted > 0 ? result : { ...result, dataIn: result.dataIn ?? NO_BYTES };
    } catch (error) {
      this.#onDeviceError?.(error);
      return failed();
    }
  }

  /** One command runs at a time, so all can use one buffer. */
  #room(bytes: number): Uint8Array {
    if (this.#dataOut.length < bytes) this.#dataOut = new Uint8Array(bytes);
    return this.#dataOut.subarray(0, bytes);
  }

  #answerWaiting(answer: () => TaskResult): void {
    for (const command of this.#waiting.splice(0)) this.#answer(command, answer());
  }

  #answer(command: RingCommand, result: TaskResult): void {
    this.#ring.answer(command, result);
    this.#shared.notify();
  }
}

/** ABORTED COMMAND: nobody knows how far it came. */
function ended(): TaskResult {
  const sense = encodeSense({ key: SenseKey.AbortedCommand, asc: 0x00, ascq: 0x00 });
  return { status: Status.CheckCondition, sense };
}

/** HARDWARE ERROR, INTERNAL TARGET FAILURE: the device threw instead of answering. */
function failed(): TaskResult {
  const sense = encodeSense({ key: SenseKey.HardwareError, asc: 0x44, ascq: 0x00 });
  return { status: Status.CheckCondition, sense };
}
