/**
 * What is on a tape, as a list.
 *
 * @module
 */

import type { Partition } from "./medium.ts";

/** A logical object. `data` is for reading only; that of a damaged record cannot be had through the drive. */
export type TapeObject =
  | { readonly kind: "record"; readonly data: Uint8Array }
  | { readonly kind: "damaged"; readonly data: Uint8Array }
  | { readonly kind: "filemark" };

/** All objects of a partition, in order. */
export function listObjects(partition: Partition): TapeObject[] {
  return Array.from({ length: partition.objectCount }, (_, object): TapeObject => {
    const kind = partition.kind(object);
    if (kind === "filemark") return { kind };
    return { kind, data: partition.read(object, partition.recordLength(object)) };
  });
}
