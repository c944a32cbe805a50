/**
 * Records and filemarks onto the tape: buffer, warnings, the end, and the errors of the store.
 *
 * @module
 */

import { crc32c, readDigest } from "../../../iscsi/pdu/crc32c.ts";
import type { Nexus, Task } from "../../device_server.ts";
import { allowsLength } from "../block_limits.ts";
import { type Condition, Conditions, failed, GOOD, type Outcome } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import { FILEMARK_BYTES, MediumStoreError } from "../medium.ts";
import { TapeAlert } from "../tape_alerts.ts";
import { PROTECTION_BYTES } from "./record_source.ts";

/** Whether the drive takes blocks of this length, which counts the protection information where there is some. */
export function isBlockLengthAllowed({ modes, blockLimits }: DriveState, bytes: number): boolean {
  return allowsLength(blockLimits, modes.protectsWrites ? bytes - PROTECTION_BYTES : bytes);
}

/** Writes one record. */
export function writeRecord(drive: DriveState, { nexus }: Task, data: Uint8Array): Outcome {
  const failure = append(drive, nexus, data);
  if (failure !== undefined) return failed(failure, { information: data.length });
  return warningAfterWrite(drive, 0) ?? GOOD;
}

/** Blocks up to the first that ends in the early-warning zone; INFORMATION is how many were not written. */
export function writeBlocks(
  drive: DriveState,
  { nexus, dataOut }: Task,
  bytes: number,
  count: number,
): Outcome {
  for (let written = 0; written < count; written++) {
    const block = dataOut.subarray(written * bytes, (written + 1) * bytes);
    const failure = append(drive, nexus, block);
    if (failure !== undefined) return failed(failure, { information: count - written });
    const isWarned = drive.programmableWarningTold || !drive.inProgrammableEarlyWarning;
    if (drive.inEarlyWarning && isWarned) return warningAfterWrite(drive, count - written - 1)!;
  }
  return warningAfterWrite(drive, 0) ?? GOOD;
}

/** Writes one record at the position and passes it, or tells why it was not written. */
function append(drive: DriveState, nexus: Nexus, block: Uint8Array): Condition | undefined {
  const { modes, counts } = drive;
  const data = modes.protectsWrites ? block.subarray(0, -PROTECTION_BYTES) : block;
  if (modes.protectsWrites && readDigest(block, data.length) !== crc32c(data)) {
    return Conditions.blockProtection;
  }
  try {
    drive.cutHere();
    if (data.length > drive.remainingBytes) return overflow(drive);
    const { data: stored, seal } = drive.encryption.seal(nexus, data);
    drive.partition.appendRecord(stored, seal);
  } catch (error) {
    return failedWrite(drive, error);
  }
  drive.object++;
  const failure = settle(drive, drive.object - 1);
  if (failure !== undefined) return failure;
  counts.recordsWritten++;
  counts.hostBytesWritten += data.length;
  counts.mediumBytesWritten += data.length / drive.compressionRatio;
  return undefined;
}

/**
 * Writes filemarks at the position and passes them, or as many as there is room for. `isImmediate`: what the buffer loses
 * for their sake is told with the next command; else at once, and without INFORMATION, since it counts no filemarks.
 */
export function appendMarks(
  drive: DriveState,
  count: number,
  isImmediate: boolean,
): Outcome | undefined {
  let made: number;
  try {
    drive.cutHere();
    const room = Math.floor(drive.remainingBytes / FILEMARK_BYTES);
    made = Math.max(0, Math.min(count, room));
    drive.partition.appendFilemarks(made);
  } catch (error) {
    return failed(failedWrite(drive, error), { information: count });
  }
  drive.object += made;
  const failure = made > 0 ? settle(drive, drive.object - made, isImmediate) : undefined;
  if (failure !== undefined) {
    return failed(failure, isBuffering(drive) ? {} : { information: count });
  }
  drive.counts.filemarksWritten += made;
  return made === count ? undefined : failed(overflow(drive), { information: count - made });
}

/**
 * Objects from `first` on go into the buffer, and the oldest to the tape. Where a buffer is in use the errors of these
 * come with the next command, unless this one is not to defer them.
 */
function settle(drive: DriveState, first: number, defers = true): Condition | undefined {
  const failure = drive.buffered(first, isBuffering(drive));
  if (failure === undefined) return undefined;
  drive.tapeAlerts.raise(TapeAlert.WriteFailure);
  if (!isBuffering(drive) || !defers) return failure;
  drive.deferredErrors.push({ ...failure, deferred: true });
  return undefined;
}

function isBuffering({ modes, buffer }: DriveState): boolean {
  return modes.bufferedMode !== 0 && buffer.isThere;
}

/** What is told about a write that was done: programmable early warning once, early warning always. */
export function warningAfterWrite(drive: DriveState, information: number): Outcome | undefined {
  if (drive.inProgrammableEarlyWarning && !drive.programmableWarningTold) {
    drive.programmableWarningTold = true;
    return failed(Conditions.programmableEarlyWarning, { information });
  }
  if (!drive.inEarlyWarning) return undefined;
  if (drive.modes.synchronizesAtEarlyWarning) {
    const lost = synchronize(drive);
    if (lost.condition !== undefined) return lost;
  }
  return failed(Conditions.earlyWarning, { information });
}

/** Nothing more fits. What is in the buffer gets to the tape. */
function overflow(drive: DriveState): Condition {
  return drive.drain() ?? Conditions.volumeOverflow;
}

/** Makes everything written so far last. */
export function synchronize(drive: DriveState): Outcome {
  const failure = drive.drain();
  if (failure !== undefined) return failed(failure);
  try {
    drive.flush();
    return GOOD;
  } catch (error) {
    return failed(failedWrite(drive, error));
  }
}

function failedWrite(drive: DriveState, error: unknown): Condition {
  drive.counts.unrecoveredWrites++;
  return writeFailure(drive, error);
}

/** The condition of a store that fails. */
export function writeFailure(drive: DriveState, error: unknown): Condition {
  if (!(error instanceof MediumStoreError)) throw error;
  drive.onStoreFailure(error);
  return Conditions.writeError;
}
