/**
 * What the caller has set on the drive. A reset makes the drive forget it: it is set again before anything else is done. What another initiator changes is told.
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
  /** Whether it holds for the tape that is in the drive alone. */
  readonly isOfTape?: boolean;
}

/** Why a setting may not be in force any more. */
type Doubt = "reset" | "foreign";

/**
 * How a drive refuses a setting, as most do with append-only mode elsewhere than at the beginning of a tape, and may do with what concerns a tape that is protected
 * since.
 */
const REFUSALS: ReadonlySet<TapeErrorKind> = new Set<TapeErrorKind>([
  "data-protect",
  "illegal-request",
  "unsupported",
  "worm-violation",
  "write-protected",
]);

/** Whether the drive does not take a setting, so that trying again is no help. */
export function isSettingRefused(error: unknown): error is TapeError {
  return error instanceof TapeError && REFUSALS.has(error.kind);
}

/** What the caller has set on one drive. */
export class KeptSettings {
  readonly #device: Device;
  readonly #settings = new Map<string, KeptSetting>();
  readonly #doubted = new Map<string, Doubt>();

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

  /** The drive may have changed it along with what the caller has just set; what another initiator may have changed is for {@linkcode giveBack}. */
  async review(name: string): Promise<void> {
    const setting = this.#settings.get(name);
    if (setting === undefined || await setting.isInForce()) return;
    if (!this.#doubted.has(name)) this.forget(name);
  }

  /** There may be another tape. */
  forgetTape(): void {
    for (const [name, { isOfTape }] of this.#settings) if (isOfTape) this.forget(name);
  }

  /** The drive may have forgotten it all. */
  doubt(): void {
    for (const name of this.#settings.keys()) this.#doubted.set(name, "reset");
  }

  /** Another initiator may have changed any of it. What a reset may have taken back is set again all the same. */
  doubtForeign(): void {
    for (const name of this.#settings.keys()) {
      if (!this.#doubted.has(name)) this.#doubted.set(name, "foreign");
    }
  }

  /** Whether the drive has to be asked. */
  get isDoubted(): boolean {
    return this.#doubted.size > 0;
  }

  /**
   * Sets again what is not in force any more; but what another initiator has changed is left to the caller, for two who set it in turns would never come to an end.
   *
   * @returns whether the drive could say; one that is not ready is asked again.
   * @throws {TapeError} of kind `mode-parameters-changed`, once for each that the drive refuses or another initiator has changed; of another kind when that fails otherwise, and is tried
   * again.
   */
  async giveBack(): Promise<boolean> {
    for (const [name, doubt] of [...this.#doubted]) {
      const { isInForce, set } = this.#settings.get(name)!;
      try {
        if (!await isInForce()) {
          if (doubt === "foreign") throw this.#changed(name);
          await set();
        }
      } catch (error) {
        if (error instanceof NotReadyError) return false;
        if (!isSettingRefused(error)) throw error;
        this.forget(name);
        throw this.#device.problem(
          "mode-parameters-changed",
          `The drive no longer has its setting of ${name}, and does not take it again: ${error.message}`,
        );
      }
      this.#doubted.delete(name);
    }
    return true;
  }

  #changed(name: string): TapeError {
    this.forget(name);
    return this.#device.problem(
      "mode-parameters-changed",
      `Another initiator has changed ${name}; set it again`,
    );
  }
}
