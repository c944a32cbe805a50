/**
 * The last errors of a drive, for its log page 16h (SSC-4 §8.2.7).
 *
 * @module
 */

import { SenseKey } from "../../scsi/sense_codes.ts";
import type { Condition } from "./conditions.ts";

/** Errors that are kept. */
const MOST = 16;

/** One error. */
export interface DiagnosedError {
  readonly condition: Condition;
  readonly operationCode: number;
  /** Whether the error before was the same. */
  readonly repeated: boolean;
  readonly densityCode: number;
  /** Label of the cartridge. */
  readonly barcode: string;
  /** Milliseconds of the drive's clock. */
  readonly at: number;
}

/** The errors of one drive. */
export class DiagnosticHistory {
  readonly #errors: DiagnosedError[] = [];

  /** Keeps what a command came to, if it is an error of the medium or of the hardware. */
  add(error: Omit<DiagnosedError, "repeated">): void {
    const { key, asc, ascq } = error.condition;
    if (key !== SenseKey.MediumError && key !== SenseKey.HardwareError) return;
    const last = this.#errors[0]?.condition;
    const repeated = last?.key === key && last.asc === asc && last.ascq === ascq;
    this.#errors.unshift({ ...error, repeated });
    if (this.#errors.length > MOST) this.#errors.pop();
  }

  /** The latest first. */
  list(): readonly DiagnosedError[] {
    return this.#errors;
  }

  /** None, as after power on. */
  clear(): void {
    this.#errors.length = 0;
  }
}
