/**
 * What a drive is made with, and what it is told that lasts beyond one command.
 *
 * @module
 */

import type { TapePersonality } from "../personality.ts";
import type { BlockLimits } from "./block_limits.ts";
import type { DriveQuirks } from "./drive_quirks.ts";
import type { MediumStoreError } from "./medium.ts";
import type { ReadinessOptions } from "./readiness.ts";
import type { CapacitySettings } from "./tape_capacity.ts";
import type { UnitAttentions } from "./unit_attentions.ts";

/** What a drive is made with. */
export interface DriveStateOptions extends CapacitySettings, ReadinessOptions {
  readonly personality: TapePersonality;
  readonly blockLimits: BlockLimits;
  readonly serialNumber: string;
  readonly quirks: DriveQuirks;
  readonly attentions: UnitAttentions;
  readonly writeProtected: boolean;
  readonly compressionRatio: number;
  readonly bufferBytes: number;
  readonly elementAddress: number | undefined;
  readonly onStoreFailure: (error: MediumStoreError) => void;
}

/** Where ALLOW OVERWRITE permits to write: at a place, or by formatting. */
export type OverwritePermission =
  | { readonly partition: number; readonly object: number }
  | "format";

/** What the next FORMAT MEDIUM is to make: capacity of each partition in bytes. */
export type PartitionPlan = readonly number[];
