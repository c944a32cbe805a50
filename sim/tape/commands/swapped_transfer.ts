/**
 * The quirk `swappedResidual`: what tgt sends for variable reads that do not fit.
 *
 * @module
 */

import { SenseKey } from "../../../scsi/sense_codes.ts";
import type { Outcome } from "../conditions.ts";

/** The outcome with as much data as tgt sends: see `DriveQuirks.swappedResidual`. */
export function turnedRound(outcome: Outcome, length: number): Outcome {
  const { condition, dataIn = new Uint8Array(0) } = outcome;
  if (condition === undefined) return outcome;
  if (condition.filemark || condition.key === SenseKey.BlankCheck) {
    return { condition, dataIn: new Uint8Array(length) };
  }
  if (!condition.incorrectLength) return outcome;
  const missing = Math.max(0, condition.information ?? 0);
  const sent = new Uint8Array(missing);
  sent.set(dataIn.subarray(0, missing));
  return { condition, dataIn: sent };
}
