/**
 * How long the drive itself says that its commands may take (SPC-5 §6.34, command timeouts descriptor).
 *
 * @module
 */

import type { SupportedOperation } from "../scsi/supported_operations.ts";
import { readSupportedOperations } from "../scsi/supported_operations.ts";
import { cdbLengthOf, commandFacts } from "../scsi/command_table.ts";
import { DeviceType } from "../scsi/device_type.ts";
import { LONGEST_TIMER_MS } from "../scsi/sleep.ts";
import type { Device } from "./device.ts";
import { ifThere } from "./feature_support.ts";

/** Timeouts that are asked for once, before the first command that may take hours. */
export class CommandTimeouts {
  readonly #device: Device;
  #operations: Promise<readonly SupportedOperation[] | undefined> | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * The commands that the drive has; `undefined` when it does not tell. Asks the drive once.
   *
   * @throws {TapeError} when it fails otherwise; it is then asked again the next time.
   */
  operations(): Promise<readonly SupportedOperation[] | undefined> {
    this.#operations ??= this.#ask();
    return this.#operations;
  }

  /** Lets the drive's commands take as long as the drive says. */
  async learn(): Promise<void> {
    await this.operations();
  }

  async #ask(): Promise<readonly SupportedOperation[] | undefined> {
    try {
      const operations = await ifThere(this.#device, (unit) => readSupportedOperations(unit));
      if (operations !== undefined) this.#device.learnTimeouts(timeoutsOf(operations));
      return operations;
    } catch (error) {
      this.#operations = undefined;
      throw error;
    }
  }
}

/**
 * Only what exceeds our own table counts: a drive that is given too little time is taken for dead and loses its position, while a dead connection is
 * noticed by other means.
 */
function timeoutsOf(operations: readonly SupportedOperation[]): Record<number, number> {
  const timeouts: Record<number, number> = {};
  for (const { opcode, serviceAction = 0, recommendedSeconds = 0 } of operations) {
    const cdb = new Uint8Array(cdbLengthOf(opcode));
    cdb.set([opcode, serviceAction]);
    const own = commandFacts(cdb, { deviceType: DeviceType.Tape }).timeoutMs;
    const ms = Math.min(recommendedSeconds * 1000, LONGEST_TIMER_MS);
    if (ms > own) timeouts[opcode] = Math.max(timeouts[opcode] ?? 0, ms);
  }
  return timeouts;
}
