/**
 * Asking a drive where the tape stands, in the form that it knows (SSC-4, READ POSITION).
 *
 * @module
 */

import type { BlockMode } from "./block_mode.ts";
import { POSITION_BYTES, PositionForm, readPositionCdb } from "./commands.ts";
import { isNews } from "./conditions.ts";
import type { CurrentPartition } from "./current_partition.ts";
import type { Device, Reply } from "./device.ts";
import { isMissing } from "./feature_support.ts";
import { decodePosition, type DevicePosition } from "./position.ts";

/** An answer to the question for the position; without a number when the drive has none to give. */
export interface PositionSample {
  readonly number?: number;
}

const ILLEGAL: ReadonlySet<"illegal-request"> = new Set(["illegal-request"] as const);

/** Where one drive says that the tape stands, which is where read-ahead has brought it. */
export class DrivePosition {
  readonly #device: Device;
  readonly #mode: BlockMode;
  readonly #partition: CurrentPartition;
  #forms: number[] = [PositionForm.Long, PositionForm.Short];

  constructor(device: Device, mode: BlockMode, partition: CurrentPartition) {
    this.#device = device;
    this.#mode = mode;
    this.#partition = partition;
  }

  /**
   * Asks. `undefined` when the drive does not say, in any form.
   *
   * @throws {TapeError} when it fails otherwise than by not knowing the command.
   */
  async ask(signal?: AbortSignal): Promise<DevicePosition | undefined> {
    while (this.#forms.length > 0) {
      const [form] = this.#forms;
      const dataIn = new Uint8Array(POSITION_BYTES[form]);
      const command = { cdb: readPositionCdb(form), dataIn, signal };
      const reply = await this.#device.perform(command, ILLEGAL);
      if (reply.condition === "good") {
        const position = this.#hear(dataIn, reply, form);
        if (position !== undefined) return position;
      }
      // Refused for another reason than that the drive does not have it, such as the wait for a rewind after a loss of power (2C/00).
      if (reply.condition !== "good" && !isMissing(this.#device.failure(reply))) return undefined;
      // A form that this drive does not know is not tried again.
      if (this.#forms[0] === form) this.#forms.shift();
    }
    return undefined;
  }

  /**
   * Like {@linkcode ask}, but in one command, sent at once, that disturbs nothing when it fails. `undefined` when the drive did not answer to the question.
   *
   * @throws {TapeError} that the drive tells this command alone: that the tape, or what was buffered, is not what it was.
   */
  async sample(): Promise<PositionSample | undefined> {
    const [form] = this.#forms;
    if (form === undefined) return {};
    const dataIn = new Uint8Array(POSITION_BYTES[form]);
    const reply = await this.#device.send({ cdb: readPositionCdb(form), dataIn });
    if (isNews(reply.condition)) throw this.#device.failure(reply);
    if (reply.condition === "illegal-request") return {};
    if (reply.condition === "mode-parameters-changed") this.#mode.suspectForeign();
    if (reply.condition !== "good") return undefined;
    return { number: this.#hear(dataIn, reply, form)?.object };
  }

  #hear(data: Uint8Array, reply: Reply, form: number): DevicePosition | undefined {
    const position = decodePosition(data.subarray(0, reply.dataInLength), form);
    if (position?.object !== undefined) this.#partition.hear(position.partition);
    return position;
  }
}
