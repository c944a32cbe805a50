/**
 * Where the tape stands on an image that is not written itself: write protected, or in the format of another program.
 *
 * @module
 */

import type { MediumState } from "../tape/medium.ts";
import { ImageFormatError, ImageInUseError } from "./errors.ts";
import { canReplaceFile } from "./image_file.ts";
import { ImageLock } from "./image_lock.ts";
import { Sidecar } from "./sidecar.ts";
import { sidecarPath } from "./tape_files.ts";

/** A place on a tape. */
export type TapePlace = Pick<MediumState, "partition" | "object">;

/** The place that the sidecar of an image tells, the beginning without one; `undefined` when the file of that name is none of ours. */
export function keptPosition(path: string): TapePlace | undefined {
  try {
    const { state: { partition, object } } = new Sidecar(path).read();
    return { partition, object };
  } catch (error) {
    if (error instanceof ImageFormatError) return undefined;
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
    sidecar.write({ ...kept, imageFormat, state: { ...kept.state, partition, object } });
  } finally {
    lock.release();
  }
}

function acquireIfFree(path: string): ImageLock | undefined {
  try {
    return ImageLock.acquire(path);
  } catch (error) {
    if (error instanceof ImageInUseError) return undefined;
    throw error;
  }
}
