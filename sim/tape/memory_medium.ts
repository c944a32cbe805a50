/**
 * A tape in memory.
 *
 * @module
 */

import type { Medium, MediumState, ObjectKind, Partition } from "./medium.ts";
import { ObjectIndex } from "./object_index.ts";

const NO_BYTES = new Uint8Array(0);

/** Options of a {@link MemoryMedium}. */
export interface MemoryMediumOptions {
  /** The write-protect tab. @default false */
  readonly writeProtected?: boolean;
  /** Density code of the tape. @default the drive's own */
  readonly densityCode?: number;
  /** Native capacity in bytes. @default what the drive's personality gives */
  readonly capacityBytes?: number;
}

/** A blank cartridge of one partition whose contents live in memory and end with the process. */
export class MemoryMedium implements Medium {
  readonly partitions: readonly Partition[] = [new MemoryPartition()];
  readonly state: MediumState;

  /** Makes a blank cartridge. */
  constructor(options: MemoryMediumOptions = {}) {
    const { writeProtected = false, densityCode, capacityBytes } = options;
    this.state = { writeProtected, densityCode, capacityBytes, partition: 0, object: 0 };
  }

  flush(): void {}

  close(): void {}
}

/** One partition in memory. Each record is one array of its own, copied when it is written and never after. */
class MemoryPartition implements Partition {
  readonly #index = new ObjectIndex();
  readonly #records: Uint8Array[] = [];

  get objectCount(): number {
    return this.#index.objectCount;
  }

  get filemarkCount(): number {
    return this.#index.filemarkCount;
  }

  kind(object: number): ObjectKind {
    return this.#index.kind(object);
  }

  recordLength(object: number): number {
    return this.#index.recordLength(object);
  }

  bytesBefore(object: number): number {
    return this.#index.bytesBefore(object);
  }

  filemarksBefore(object: number): number {
    return this.#index.filemarksBefore(object);
  }

  filemarkAt(index: number): number {
    return this.#index.filemarkAt(index);
  }

  read(object: number, maxBytes: number): Uint8Array {
    const record = this.#records[object];
    return record.length <= maxBytes ? record : record.subarray(0, maxBytes);
  }

  appendRecord(data: Uint8Array): void {
    // Not slice(): that of a Node Buffer does not copy.
    this.#records.push(new Uint8Array(data));
    this.#index.addRecord(data.length);
  }

  appendFilemarks(count: number): void {
    for (let made = 0; made < count; made++) {
      this.#records.push(NO_BYTES);
      this.#index.addFilemark();
    }
  }

  truncate(objectCount: number): void {
    this.#records.length = Math.min(this.#records.length, objectCount);
    this.#index.truncate(objectCount);
  }
}
