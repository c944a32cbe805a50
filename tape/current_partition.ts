/**
 * Which partition the tape stands in, as far as is known: a load or a reset may take the drive to another by itself.
 *
 * @module
 */

import type { Device } from "./device.ts";
import { hasOnePartition } from "./partition_count.ts";

/** The partition that a drive's tape stands in. */
export class CurrentPartition {
  readonly #device: Device;
  #number = 0;
  #isCertain = false;
  /** The one that the caller was last placed in; the tape may have gone to another since. */
  #placedIn: number | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Its number, as far as is known. */
  get number(): number {
    return this.#number;
  }

  /** Its number, unless the drive may have gone to another by itself since it was told. */
  get certain(): number | undefined {
    return this.#isCertain ? this.#number : undefined;
  }

  /** Its number, unless the tape may have gone to another since the caller was last placed, or nobody knows. */
  get stillPlaced(): number | undefined {
    return this.certain === this.#placedIn ? this.certain : undefined;
  }

  /** The caller goes into this one, and the tape with him. */
  enter(number: number): void {
    this.#placedIn = number;
    this.hear(number);
  }

  /** The drive says that the tape stands in this one. */
  hear(number: number): void {
    this.#number = number;
    this.#isCertain = true;
    this.#placedIn ??= number;
  }

  /** The caller is where the tape stands. */
  place(): void {
    this.#placedIn = this.certain;
  }

  /** After a load or a reset the tape may stand in another one. */
  doubt(): void {
    this.#isCertain = false;
  }

  /** Where the drive does not tell where it stands there is no doubt if its tape has one partition only. */
  async learn(signal?: AbortSignal): Promise<void> {
    if (this.#isCertain) return;
    if (await hasOnePartition(this.#device, signal)) this.enter(0);
  }
}
