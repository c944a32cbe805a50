/**
 * The names of the files that a tape lies in: `NAME.tap`, or `NAME.p0.tap`, `NAME.p1.tap` and so on when it has several
 * partitions, and the sidecar `NAME.tap.json` of either.
 *
 * @module
 */

import { MAX_PARTITIONS } from "../tape/medium.ts";

const SUFFIX = ".tap";

/** Path of the file that holds one of `count` partitions. */
export function partitionPath(path: string, partition: number, count: number): string {
  if (count === 1) return path;
  const stem = path.endsWith(SUFFIX) ? path.slice(0, -SUFFIX.length) : path;
  return `${stem}.p${partition}${SUFFIX}`;
}

/** Where the sidecar of an image lies: `NAME.tap.json`. */
export function sidecarPath(imagePath: string): string {
  return `${imagePath}.json`;
}

/** What keeps two drives from writing one image: `NAME.tap.lock`. */
export function lockPath(imagePath: string): string {
  return `${imagePath}.lock`;
}

/**
 * All files that a tape of this name may lie in. Where any of them is, there is a tape already, or what is left of one,
 * and no new one may be made: it would take the old one's records, or its settings, for its own, or hide it.
 * The index is not among them: it is made anew from what the image holds.
 */
export function tapeFiles(path: string): string[] {
  const partitions = Array.from(
    { length: MAX_PARTITIONS },
    (_, partition) => partitionPath(path, partition, MAX_PARTITIONS),
  );
  return [path, sidecarPath(path), ...partitions];
}
