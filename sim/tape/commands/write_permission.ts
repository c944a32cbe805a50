/**
 * Whether the tape may be written where it stands: write protection, cartridges that are written once, append-only
 * mode (SSC-4 §4.2.12, §4.2.24, §4.2.25).
 *
 * @module
 */

import { type Condition, Conditions } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { TapeAlert } from "../tape_alerts.ts";

/** Records before the filemarks of a tape that has labels alone, which may be written anew. */
const LABEL_RECORDS = 2;

/** Why nothing can be written here. What ALLOW OVERWRITE permitted is used up. */
export function writeRefusal(drive: DriveState): Condition | undefined {
  const protection = drive.writeProtection();
  if (protection !== undefined) {
    drive.tapeAlerts.raise(TapeAlert.WriteProtect);
    return protection;
  }
  if (drive.format !== "writable") return Conditions.unwritableFormat;
  if (!drive.isWorm && !drive.modes.appendOnly) return undefined;
  if (isAppendPoint(drive)) return undefined;
  if (drive.isWorm) {
    drive.tapeAlerts.raise(TapeAlert.WormOverwriteAttempted);
    return Conditions.wormOverwrite;
  }
  if (takesPermission(drive)) return undefined;
  drive.tapeAlerts.raise(TapeAlert.WriteProtect);
  return Conditions.appendOnly;
}

/** Why nothing can be erased here: what is written once is never erased, not even a label. */
export function eraseRefusal(drive: DriveState): Condition | undefined {
  const isAtEnd = drive.object === drive.partition.objectCount;
  if (!drive.isWorm || isAtEnd) return writeRefusal(drive);
  drive.tapeAlerts.raise(TapeAlert.WormOverwriteAttempted);
  return drive.writeProtection() ?? Conditions.wormOverwrite;
}

/** Why the tape cannot be formatted. */
export function formatRefusal(drive: DriveState): Condition | undefined {
  const protection = drive.writeProtection();
  if (protection !== undefined) return protection;
  if (drive.format !== "writable") return Conditions.unformattable;
  if (drive.isWorm) return Conditions.wormOverwrite;
  if (!drive.modes.appendOnly) return undefined;
  const isPermitted = drive.overwrite === "format";
  drive.overwrite = undefined;
  return isPermitted ? undefined : Conditions.appendOnly;
}

function takesPermission(drive: DriveState): boolean {
  const { overwrite } = drive;
  if (overwrite === undefined || overwrite === "format") return false;
  drive.overwrite = undefined;
  return overwrite.partition === drive.partitionNumber && overwrite.object === drive.object;
}

/**
 * Where writing destroys no data (IBM LTO SCSI Reference §4.14): at end of data; with filemarks alone ahead, behind a
 * filemark; at the beginning, when there are filemarks alone, or a label of two records with filemarks behind it.
 */
function isAppendPoint({ partition, object }: DriveState): boolean {
  const { objectCount, filemarkCount } = partition;
  if (object === objectCount) return true;
  if (object === 0) {
    const records = objectCount - filemarkCount;
    const isLabel = records <= LABEL_RECORDS && partition.filemarksBefore(records) === 0;
    return isLabel && filemarkCount > 0;
  }
  const marksAhead = filemarkCount - partition.filemarksBefore(object);
  return marksAhead === objectCount - object && partition.kind(object - 1) === "filemark";
}
