/**
 * What the caller has set on the drive, which a reset makes it forget: set again before anything else is done.
 *
 * @module
 */

import type { Device } from "./device.ts";
import { NotReadyError, TapeError, type TapeErrorKind } from "./errors.ts";

/** A setting of the caller's. */
export interface KeptSetting {
  /** Whether the drive still has it. */
  readonly isInForce: () => Promise<boolean>;
  /** Sets it again. */
  readonly set: () => Promise<void>;
}

/** How a drive refuses a setting, as most do with append-only mode elsewhere than at the beginning of a tape. */
const REFUSALS: ReadonlySet<TapeErrorKind> = new Set<TapeErrorKind>([
  "illegal-request",
  "unsupported",
]);

/** Whether the drive does not take a setting, so that trying again is no help. */
export function isSettingRefused(error: unknown): error is TapeError {
  return error instanceof TapeError && REFUSALS.has(error.kind);
}

/** What the caller has set on one drive. */
export class KeptSettings {
  readonly #device: Device;
  readonly #settings = new Map<string, KeptSetting>();
  readonly #doubted = new Set<string>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** The caller has set this. */
  keep(name: string, setting: KeptSetting): void {
    this.#settings.set(name, setting);
    this.#doubted.delete(name);
  }

  /** The caller has set it in another way. */
  forget(name: string): void {
    this.#settings.delete(name);
    this.#doubted.delete(name);
  }

  /** The drive may have forgotten it all. */
  doubt(): void {
    for (const name of this.#settings.keys()) this.#doubted.add(name);
  }

  /**
   * Sets again what is not in force any more.
   *
   * @returns whether the drive could say; one that is not ready is asked again.
   * @throws {TapeError} when that fails: once of kind `mode-parameters-changed` for each that the drive refuses, and otherwise it is tried again.
   */
  async giveBack(): Promise<boolean> {
    for (const name of [...this.#doubted]) {
      const { isInForce, set } = this.#settings.get(name)!;
      try {
        if (!await isInForce()) await set();
      } catch (error) {
        if (error instanceof NotReadyError) return false;
        if (!isSettingRefused(error)) throw error;
        this.forget(name);
        throw this.#device.problem(
          "mode-parameters-changed",
          `The drive was reset, and does not take its setting of ${name} again: ${error.message}`,
        );
      }
      this.#doubted.delete(name);
    }
    return true;
  }
}
