/**
 * Where the tape stands on an image that is not written itself: write protected, or in the format of another program.
 *
 * @module
 */

import { type MediumState, MediumStoreError } from "../tape/medium.ts";
import { ImageFormatError, ImageInUseError } from "./errors.ts";
import { canReplaceFile } from "./image_file.ts";
import { ImageLock } from "./image_lock.ts";
import { storedPartitionCount } from "./partition_files.ts";
import { Sidecar } from "./sidecar.ts";
import { sidecarPath } from "./tape_files.ts";

/** A place on a tape. */
export type TapePlace = Pick<MediumState, "partition" | "object">;

/**
 * The place that the sidecar of an image tells, the beginning without one; `undefined` when the file of that name is none of
 * ours, or cannot be read.
 */
export function keptPosition(path: string): TapePlace | undefined {
  try {
    const { state: { partition, object } } = new Sidecar(path).read();
    return { partition, object };
  } catch (error) {
    if (error instanceof ImageFormatError || error instanceof MediumStoreError) return undefined;
    throw error;
  }
}

/** Whether the sidecar of an image can be written. */
export function canKeepPosition(path: string): boolean {
  return canReplaceFile(sidecarPath(path));
}

/**
 * Puts the place into the sidecar, and leaves all else there as it is by now. Where another drive has the image it is that
 * one's place that counts.
 *
 * @param imageFormat the format of another program
 * @throws {MediumStoreError} when the sidecar cannot be written.
 */
export function keepPosition(
  path: string,
  { partition, object }: TapePlace,
  imageFormat?: string,
): void {
  const lock = acquireIfFree(path);
  if (lock === undefined) return;
  try {
    const sidecar = new Sidecar(path);
    const kept = sidecar.read();
    if (kept.state.partition === partition && kept.state.object === object) return;
    // Without a sidecar until now, what files there are has told how many partitions the tape has.
    const partitionCount = storedPartitionCount(path);
    sidecar.write({ partitionCount, imageFormat, state: { ...kept.state, partition, object } });
  } finally {
    lock.release();
  }
}

/** Where no lock can be had, be it that a process of another user has left one behind, nothing may be written either. */
function acquireIfFree(path: string): ImageLock | undefined {
  try {
    return ImageLock.acquire(path);
  } catch (error) {
    if (error instanceof MediumStoreError || error instanceof ImageInUseError) return undefined;
    throw error;
  }
}
