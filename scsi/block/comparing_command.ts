/**
 * Executing commands that compare what the caller sends with what the medium holds.
 *
 * @module
 */

import { CheckConditionError } from "../errors.ts";
import type { LogicalUnit, ScsiCommand } from "../logical_unit.ts";
import { SenseKey } from "../sense_codes.ts";
import { transferWhole } from "./disk_command.ts";
import { MiscompareError } from "./miscompare_error.ts";

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
