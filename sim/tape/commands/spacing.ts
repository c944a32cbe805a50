/**
 * Where SPACE goes and what stops it (SSC-4 §5.12).
 *
 * @module
 */

import { type Condition, Conditions } from "../conditions.ts";
import type { DriveState } from "../drive_state.ts";
import type { Partition } from "../medium.ts";
import { missesFilemark } from "./missed_filemark.ts";

/**
 * Spaces over records, `count` of them, backwards when negative. A filemark is passed, and stops it.
 *
 * @returns what stopped it, with the records not passed as INFORMATION
 */
export function spaceBlocks(drive: DriveState, count: number): Condition | undefined {
  if (drive.quirks.spaceIgnoresFilemarks) return objects(drive, count);
  return count >= 0 ? blocksForward(drive, count) : blocksBackward(drive, -count);
}

/** Filemarks count as blocks; beyond the beginning is no condition, as on istgt. */
function objects(drive: DriveState, count: number): Condition | undefined {
  const target = drive.object + count;
  const { objectCount } = drive.partition;
  drive.object = Math.max(0, Math.min(target, objectCount));
  drive.isSpacedTo &&= target >= 0;
  return target > objectCount ? atEndOfData(drive, target - objectCount) : undefined;
}

function blocksForward(drive: DriveState, count: number): Condition | undefined {
  const { partition, object } = drive;
  const { objectCount } = partition;
  const marks = partition.filemarksBefore(object);
  const mark = marks < partition.filemarkCount ? partition.filemarkAt(marks) : Infinity;
  const barrier = Math.min(mark, objectCount);
  if (count <= barrier - object) {
    drive.object += count;
    return undefined;
  }
  const information = count - (barrier - object);
  if (mark === Infinity) return atEndOfData(drive, information);
  drive.object = mark + 1;
  return { ...Conditions.filemark, information };
}

function blocksBackward(drive: DriveState, count: number): Condition | undefined {
  const { partition, object } = drive;
  const marks = partition.filemarksBefore(object);
  const mark = marks > 0 ? partition.filemarkAt(marks - 1) : -1;
  const records = object - mark - 1;
  if (count <= records) {
    drive.object -= count;
    return undefined;
  }
  const information = count - records;
  if (mark < 0) return atBeginning(drive, information);
  drive.object = mark;
  return { ...Conditions.filemark, information };
}

/**
 * Spaces over filemarks: after the last of them, or before it when going backwards.
 *
 * @returns what stopped it, with the filemarks not passed as INFORMATION
 */
export function spaceFilemarks(drive: DriveState, count: number): Condition | undefined {
  const { partition, object } = drive;
  const passed = partition.filemarksBefore(object) + (missesFilemark(drive) ? 1 : 0);
  const target = passed + count;
  if (count === 0) return undefined;
  if (target < 0) return atBeginning(drive, -target);
  if (target > partition.filemarkCount) {
    if (drive.quirks.spacePastEndMovesNothing) {
      return { ...Conditions.endOfData, information: target - partition.filemarkCount };
    }
    return atEndOfData(drive, target - partition.filemarkCount);
  }
  if (count > 0) drive.object = partition.filemarkAt(target - 1) + 1;
  else drive.object = backwardLanding(drive, partition.filemarkAt(target));
  return undefined;
}

function backwardLanding(drive: DriveState, mark: number): number {
  return drive.quirks.spaceFilemarksBackOneTooFar ? Math.max(0, mark - 1) : mark;
}

/**
 * Spaces to the next run of at least `count` filemarks: after the first `count` of them, or before them when going
 * backwards.
 *
 * @returns what stopped it; INFORMATION has no meaning then
 */
export function spaceSequentialFilemarks(drive: DriveState, count: number): Condition | undefined {
  if (count === 0) return undefined;
  const { partition } = drive;
  const passed = partition.filemarksBefore(drive.object);
  if (count > 0) {
    const first = runForward(partition, passed, count);
    if (first === undefined) return atEndOfData(drive);
    drive.object = partition.filemarkAt(first) + count;
  } else {
    const first = runBackward(partition, passed + count, -count);
    if (first === undefined) return atBeginning(drive);
    drive.object = partition.filemarkAt(first);
  }
  return undefined;
}

function runForward(partition: Partition, from: number, length: number): number | undefined {
  for (let first = from; first + length <= partition.filemarkCount; first++) {
    if (isRun(partition, first, length)) return first;
  }
  return undefined;
}

function runBackward(partition: Partition, from: number, length: number): number | undefined {
  for (let first = from; first >= 0; first--) {
    if (isRun(partition, first, length)) return first;
  }
  return undefined;
}

/** Filemark numbers ascend, so a run is where the last is as far from the first as there are others between. */
function isRun(partition: Partition, first: number, length: number): boolean {
  const last = first + length - 1;
  return partition.filemarkAt(last) - partition.filemarkAt(first) === length - 1;
}

function atEndOfData(drive: DriveState, information?: number): Condition {
  drive.object = drive.partition.objectCount;
  return { ...Conditions.endOfData, endOfMedium: drive.inEarlyWarning, information };
}

function atBeginning(drive: DriveState, information?: number): Condition {
  drive.object = 0;
  drive.isSpacedTo = false;
  return { ...Conditions.beginningOfPartition, information };
}
