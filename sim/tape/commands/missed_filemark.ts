/**
 * The quirk `missesFilemarkAfterMotion`: a filemark that SPACE over blocks or LOCATE has led to, as istgt takes it.
 *
 * @module
 */

import type { DriveState } from "../drive_state.ts";

/** Whether a filemark is ahead that counts as passed. */
export function missesFilemark({ quirks, isSpacedTo, partition, object }: DriveState): boolean {
  if (!quirks.missesFilemarkAfterMotion || !isSpacedTo) return false;
  return object < partition.objectCount && partition.kind(object) === "filemark";
}

/** The object that a READ goes on to which meets the filemark ahead. */
export function behindFilemark(drive: DriveState): number {
  const { partition, object } = drive;
  if (!missesFilemark(drive)) return object + 1;
  const next = partition.filemarksBefore(object) + 1;
  return next < partition.filemarkCount ? partition.filemarkAt(next) + 1 : 0;
}
