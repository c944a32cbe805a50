/**
 * The files that hold the partitions of a tape.
 *
 * @module
 */

import { MAX_PARTITIONS, MediumStoreError } from "../tape/medium.ts";
import {
  discardFile,
  fileExists,
  ImageFile,
  type OpenImageOptions,
  removeFile,
} from "./image_file.ts";
import { Sidecar } from "./sidecar.ts";
import { indexPath, removeIndex } from "./tap_index.ts";
import { partitionPath, tapeFiles } from "./tape_files.ts";

/**
 * How many partitions the tape has: what its sidecar says; without one, what files there are.
 *
 * @throws {ImageFormatError} when the sidecar is none.
 * @throws {MediumStoreError} when it cannot be read.
 */
export function storedPartitionCount(path: string): number {
  const sidecar = new Sidecar(path);
  const { partitionCount } = sidecar.read();
  if (sidecar.isOfTap || fileExists(path)) return partitionCount;
  let count = 0;
  while (count < MAX_PARTITIONS && fileExists(partitionPath(path, count, MAX_PARTITIONS))) count++;
  return Math.max(1, count);
}

/**
 * Sees to it that there is no tape, nor anything that is left of one, where a new one is to be made.
 *
 * @param attempt what cannot be done otherwise
 * @throws {MediumStoreError} when there is.
 */
export function refuseToReplace(path: string, attempt: string): void {
  const there = tapeFiles(path).find(fileExists);
  if (there === undefined) return;
  throw new MediumStoreError(
    `Cannot ${attempt}: there is a file ${there} already; remove it, or name another`,
  );
}

/** Removes a tape that was being made when something failed, as far as that can be done. */
export function discardTape(path: string): void {
  for (const file of tapeFiles(path)) {
    discardFile(indexPath(file));
    discardFile(file);
  }
}

/**
 * Opens the files of all partitions. Only that of a tape of one partition is created.
 *
 * @throws {MediumStoreError} when one cannot be opened; none is open then.
 */
export function openPartitionFiles(
  path: string,
  count: number,
  options: OpenImageOptions,
): ImageFile[] {
  const create = options.create && count === 1;
  return openAll(path, count, { ...options, create });
}

/**
 * Makes empty files for all partitions, in the place of any that are there.
 *
 * @throws {MediumStoreError} when one cannot be made; none is open then.
 */
export function createPartitionFiles(path: string, count: number): ImageFile[] {
  const files = openAll(path, count, { create: true, readOnly: false });
  try {
    for (const file of files) {
      file.truncate(0);
      file.sync();
    }
    return files;
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
}

/**
 * Removes the files of the old partitions that are none of the new.
 *
 * @throws {MediumStoreError} when one cannot be removed.
 */
export function removeOthers(old: readonly ImageFile[], kept: readonly ImageFile[]): void {
  for (const { path } of old) {
    removeIndex(path);
    if (!kept.some((file) => file.path === path)) removeFile(path);
  }
}

function openAll(path: string, count: number, options: OpenImageOptions): ImageFile[] {
  const files: ImageFile[] = [];
  try {
    for (let partition = 0; partition < count; partition++) {
      files.push(ImageFile.open(partitionPath(path, partition, count), options));
    }
    return files;
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
}
