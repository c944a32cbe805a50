/**
 * What partitions of every store share: the questions that their index answers.
 *
 * @module
 */

import type { ObjectKind, Partition } from "./medium.ts";
import { ObjectIndex } from "./object_index.ts";

/** A partition whose objects are in an index; the store adds where their bytes are. */
export abstract class IndexedPartition implements Partition {
  /** The objects; the store keeps it in step with its bytes. */
  protected readonly index: ObjectIndex;

  constructor(index: ObjectIndex = new ObjectIndex()) {
    this.index = index;
  }

  get objectCount(): number {
    return this.index.objectCount;
  }

  get filemarkCount(): number {
    return this.index.filemarkCount;
  }

  kind(object: number): ObjectKind {
    return this.index.kind(object);
  }

  recordLength(object: number): number {
    return this.index.recordLength(object);
  }

  bytesBefore(object: number): number {
    return this.index.bytesBefore(object);
  }

  filemarksBefore(object: number): number {
    return this.index.filemarksBefore(object);
  }

  filemarkAt(index: number): number {
    return this.index.filemarkAt(index);
  }

  seal(object: number): Uint8Array | undefined {
    return this.index.seal(object);
  }

  abstract read(object: number, maxBytes: number): Uint8Array;
  abstract appendRecord(data: Uint8Array, seal?: Uint8Array): void;
  abstract appendFilemarks(count: number): void;
  abstract truncate(objectCount: number): void;
}
