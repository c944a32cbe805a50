/**
 * The block size in force, and what may have become of it: another host may set another, and a reset makes the drive forget it.
 *
 * @module
 */

import { currentBlockBytes, writeBlockSize } from "./block_size.ts";
import type { Device } from "./device.ts";
import { isSettingRefused } from "./kept_settings.ts";

/** The block size of one drive, as the caller believes it to be. */
export class BlockMode {
  readonly #device: Device;
  #bytes = 0;
  #isStale = false;
  /** What the caller believes while another initiator may have set another, of which nobody was told. */
  #believed: number | undefined;
  /** What the caller has set or found, and the drive may have forgotten. */
  #forgotten: number | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Bytes of a block in fixed mode; 0 in variable mode. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it has to be read again. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** Takes in what the drive has just said. */
  know(bytes: number): void {
    this.#isStale = false;
    this.tell(bytes);
  }

  /** The caller learns that this is the block size; what else may have changed is still to be asked. */
  tell(bytes: number): void {
    this.#bytes = bytes;
    this.#believed = this.#forgotten = undefined;
  }

  /** Reads what is in force. */
  async refresh(): Promise<void> {
    this.#isStale = false;
    this.#bytes = await currentBlockBytes(this.#device);
  }

  /** The same when a command was told that another initiator has changed the mode parameters: whether the block size is still what the caller believes. */
  async isStillTheSame(): Promise<boolean> {
    const before = this.#bytes;
    await this.refresh();
    return this.#bytes === before;
  }

  /** Sets it. When that fails, the one in force is asked for before anything else is done. */
  async set(bytes: number, signal?: AbortSignal): Promise<void> {
    try {
      await writeBlockSize(this.#device, bytes, signal);
      this.tell(bytes);
    } catch (error) {
      this.suspect();
      // Whatever it is now, the caller has asked for it.
      this.#believed = undefined;
      throw error;
    }
  }

  /** What was known may no longer hold. */
  suspect(): void {
    this.#isStale = true;
  }

  /** Another initiator has changed the mode parameters: the caller, who believes in so many `bytes`, is told where that is no longer so. */
  suspectForeign(bytes: number = this.#bytes): void {
    this.#isStale = true;
    this.#bytes = bytes;
    this.#believed ??= bytes;
  }

  /** The drive may have been reset, and have forgotten it. */
  suspectReset(): void {
    this.#isStale = true;
    this.#forgotten ??= this.#bytes;
  }

  /**
   * Gives a drive that was reset its block size again, once what is in force has been read: what was meant for blocks would become one record, or the other
   * way round.
   *
   * @throws {TapeError} when that fails: once of kind `mode-parameters-changed` when the drive refuses it, and otherwise it is tried again.
   */
  async giveBack(): Promise<void> {
    const bytes = this.#forgotten;
    if (bytes === undefined || this.#isStale) return;
    const found = this.#bytes;
    try {
      if (found === bytes) this.tell(bytes);
      else await this.set(bytes);
    } catch (error) {
      if (!isSettingRefused(error)) throw error;
      // The caller, who is told, goes on with what there is.
      this.#forgotten = undefined;
      throw this.#device.problem(
        "mode-parameters-changed",
        `The drive was reset, has a block size of ${found} bytes since, and does not take ${bytes} again: ${error.message}`,
      );
    }
  }

  /**
   * Records that were meant to be whole would be cut into blocks, or the other way round.
   *
   * @throws {TapeError} of kind `mode-parameters-changed`, once, when another initiator has set another block size than the caller believes in.
   */
  tellChange(): void {
    const believed = this.#believed;
    if (believed === undefined || this.#isStale) return;
    this.#believed = undefined;
    if (this.#bytes === believed) return;
    throw this.#device.problem(
      "mode-parameters-changed",
      `Another initiator has changed the block size from ${believed} to ${this.#bytes} bytes; set it again`,
    );
  }
}
