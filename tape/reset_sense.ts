/**
 * Which unit attentions tell of a reset of the drive (SPC-5 annex F, 29h).
 *
 * @module
 */

import type { Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";

const RESET = 0x29;

/** Resets of the drive itself, by additional sense code qualifier. 29/07 is the loss of the nexus alone. */
const REAL_RESETS: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x04]);

/** Whether the drive itself was reset, for certain. */
export function isRealReset(sense: Sense | undefined): boolean {
  return isResetOf(sense) && REAL_RESETS.has(sense.ascq);
}

/** Whether it was a reset or nothing: many targets say 29/00 to every new login, and a drive tells nothing else after a loss of power. */
export function isVagueReset(sense: Sense | undefined): boolean {
  return isResetOf(sense) && sense.ascq === 0x00;
}

function isResetOf(sense: Sense | undefined): sense is Sense {
  return sense?.key === SenseKey.UnitAttention && sense.asc === RESET;
}
