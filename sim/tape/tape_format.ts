/**
 * What a drive can do with a tape of one density: LTO drives read their own and the one or two before it, and write
 * fewer (SSC-4 §4.2.11).
 *
 * @module
 */

import type { TapePersonality } from "../personality.ts";
import { TapeAlert, type TapeAlerts } from "./tape_alerts.ts";

/** A tape of an unknown density can neither be read nor written. */
export type TapeFormat = "writable" | "read-only" | "unknown";

/** What this model can do with tapes of the density. */
export function tapeFormat({ densities }: TapePersonality, densityCode: number): TapeFormat {
  const known = densities.find(({ code }) => code === densityCode);
  if (known === undefined) return "unknown";
  return known.writable ? "writable" : "read-only";
}

/** A tape that is not writable makes itself known when it is loaded. */
export function alertOfFormat(format: TapeFormat, alerts: TapeAlerts): void {
  if (format === "unknown") alerts.raise(TapeAlert.UnsupportedFormat);
  if (format === "read-only") alerts.raise(TapeAlert.ReadOnlyFormat);
}
