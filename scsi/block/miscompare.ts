/**
 * MISCOMPARE: the medium holds something else than the caller sent to compare with it (SPC-5 §4.4.7).
 *
 * @module
 */

import { CheckConditionError, type CheckConditionErrorOptions } from "../errors.ts";
import type { LogicalUnit, ScsiCommand } from "../logical_unit.ts";
import { SenseKey } from "../sense_codes.ts";
import { transferWhole } from "./disk_command.ts";

/** Fields of a {@link MiscompareError}. */
export interface MiscompareErrorOptions extends CheckConditionErrorOptions {
  /** Byte offset of the first difference, where the device told it. */
  readonly offset?: number;
}

/**
 * A command compared what the caller sent with what the medium holds, and they differ. Nothing was written. It is
 * an error, not a result, so that no one takes a comparison that failed for one that held.
 */
export class MiscompareError extends CheckConditionError {
  /** `MiscompareError`. */
  override name = "MiscompareError";
  /**
   * Byte offset of the first difference in the data that was compared. COMPARE AND WRITE tells it; absent for
   * VERIFY, and where the device left it out.
   */
  readonly offset: number | undefined;

  /** The message names command, unit and the sense data's meaning. */
  constructor(options: MiscompareErrorOptions) {
    super(options);
    this.offset = options.offset;
  }
}

/** Options of {@link transferComparing}. */
export interface ComparingOptions {
  /** Bytes that are compared, when the sense INFORMATION is an offset into them. @default it is not an offset */
  comparedBytes?: number;
}

/**
 * Executes a command that compares. Errors as {@link transferWhole}, and {@link MiscompareError} for sense key
 * MISCOMPARE.
 */
export async function transferComparing(
  unit: LogicalUnit,
  command: ScsiCommand,
  options: ComparingOptions = {},
): Promise<void> {
  const { comparedBytes = 0 } = options;
  try {
    await transferWhole(unit, command);
  } catch (error) {
    if (!(error instanceof CheckConditionError) || error.sense.deferred) throw error;
    if (error.sense.key !== SenseKey.Miscompare) throw error;
    const { commandName, opcode, unitName, sense } = error;
    const { information = -1 } = sense;
    // An offset beyond the data is none: some devices put an LBA there.
    const offset = information >= 0 && information < comparedBytes ? information : undefined;
    throw new MiscompareError({ commandName, opcode, unitName, sense, offset });
  }
}
