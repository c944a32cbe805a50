/**
 * A tape in memory.
 *
 * @module
 */

import { IndexedPartition } from "./indexed_partition.ts";
import type { Medium, MediumState, Partition } from "./medium.ts";
import { checkNumbers } from "./option_limits.ts";

const NO_BYTES = new Uint8Array(0);

/** Options of a {@link MemoryMedium}. */
export interface MemoryMediumOptions {
  /** The write-protect tab. @default false */
  readonly writeProtected?: boolean;
  /** Density code of the tape. @default the drive's own */
  readonly densityCode?: number;
  /** Native capacity in bytes. @default what the drive's personality gives */
  readonly capacityBytes?: number;
  /** Early-warning zone in bytes. @default what the drive makes of its capacity */
  readonly earlyWarningBytes?: number;
  /** Write once, read many. @default false */
  readonly worm?: boolean;
  /** Label that a robot reads, up to 32 characters. @default none */
  readonly barcode?: string;
}

/** A blank cartridge whose contents live in memory and end with the process. */
export class MemoryMedium implements Medium {
  readonly state: MediumState;
  #partitions: readonly Partition[] = [new MemoryPartition()];

  /**
   * Makes a blank cartridge of one partition.
   *
   * @throws {InvalidOptionError} when a number among the options is out of range.
   */
  constructor(options: MemoryMediumOptions = {}) {
    checkNumbers("cartridge", options);
    const { writeProtected = false, ...rest } = options;
    this.state = { writeProtected, ...rest, partition: 0, object: 0 };
  }

  get partitions(): readonly Partition[] {
    return this.#partitions;
  }

  flush(): void {}

  format(count: number): void {
    this.#partitions = Array.from({ length: count }, () => new MemoryPartition());
  }

  close(): void {}
}

/** One partition in memory. Each record is one array of its own, copied when it is written and never after. */
class MemoryPartition extends IndexedPartition {
  readonly #records: Uint8Array[] = [];

  read(object: number, maxBytes: number): Uint8Array {
    const record = this.#records[object];
    return record.length <= maxBytes ? record : record.subarray(0, maxBytes);
  }

  appendRecord(data: Uint8Array, seal?: Uint8Array): void {
    // Not slice(): that of a Node Buffer does not copy.
    this.#records.push(new Uint8Array(data));
    this.index.addRecord(data.length, "record", seal);
  }

  appendFilemarks(count: number): void {
    for (let made = 0; made < count; made++) {
      this.#records.push(NO_BYTES);
      this.index.addFilemark();
    }
  }

  truncate(objectCount: number): void {
    this.#records.length = Math.min(this.#records.length, objectCount);
    this.index.truncate(objectCount);
  }
}
