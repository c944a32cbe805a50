/**
 * How much fits on the tape in a drive, and where its warnings lie.
 *
 * @module
 */

import type { Medium } from "./medium.ts";

/** Bytes in a megabyte as SSC-4 counts capacity. */
export const MEGABYTE = 1_000_000;

/** SET CAPACITY counts so many parts. */
export const WHOLE_CAPACITY = 0xffff;

/** The early-warning zone, unless given: this share of the capacity, but no more than so many bytes. */
const EARLY_WARNING_SHARE = 0.02;
const MAX_EARLY_WARNING_BYTES = 1_000_000_000;

/** What the drive was told about capacities; each takes the place of what the cartridge says. */
export interface CapacitySettings {
  readonly capacityBytes: number | undefined;
  readonly earlyWarningBytes: number | undefined;
}

/** Native capacity of a cartridge in use, in bytes, whatever its partitions. */
export function volumeBytes(
  medium: Medium | undefined,
  settings: CapacitySettings,
  nativeMegabytes: number,
): number {
  const whole = settings.capacityBytes ?? medium?.state.capacityBytes ??
    nativeMegabytes * MEGABYTE;
  const parts = medium?.state.capacityProportion ?? WHOLE_CAPACITY;
  return parts === WHOLE_CAPACITY ? whole : Math.floor(whole * parts / WHOLE_CAPACITY);
}

/** Early-warning zone of a partition of so many bytes. */
export function earlyWarningZone(
  medium: Medium | undefined,
  settings: CapacitySettings,
  partitionBytes: number,
): number {
  return settings.earlyWarningBytes ?? medium?.state.earlyWarningBytes ??
    Math.min(partitionBytes * EARLY_WARNING_SHARE, MAX_EARLY_WARNING_BYTES);
}
