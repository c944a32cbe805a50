/**
 * What a tape is to a drive: partitions, each a sequence of logical objects (SSC-4 §4.2.7), and a few facts that
 * travel with the cartridge.
 *
 * @module
 */

/**
 * What a logical object is. A `damaged` record is there, and takes its number, but cannot be read: MEDIUM ERROR,
 * unrecovered read error.
 */
export type ObjectKind = "record" | "filemark" | "damaged";

/** Capacity that a filemark takes, in bytes; a record takes its length. */
export const FILEMARK_BYTES = 4;

/**
 * One partition: logical objects numbered from 0, and end of data after the last. Everything that asks for an object
 * by number takes constant or logarithmic time.
 */
export interface Partition {
  /** Number of objects, which is also the position of end of data. */
  readonly objectCount: number;
  /** Number of filemarks among them. */
  readonly filemarkCount: number;
  /** What the object is. */
  kind(object: number): ObjectKind;
  /** Length of a record in bytes; 0 for a filemark. */
  recordLength(object: number): number;
  /** Capacity taken by all objects before this one, in bytes. */
  bytesBefore(object: number): number;
  /** How many filemarks lie before this object: the logical file identifier of that position. */
  filemarksBefore(object: number): number;
  /** Object number of the filemark with this index, counted from 0. */
  filemarkAt(index: number): number;
  /**
   * The first `maxBytes` bytes of a record, or all of it when it is shorter. The array is for reading only and does
   * not change afterwards.
   *
   * @throws {MediumError} when the store below fails.
   */
  read(object: number, maxBytes: number): Uint8Array;
  /**
   * Writes a record after the last object. The bytes are copied.
   *
   * @throws {MediumError} when the store below fails; the partition is then as before.
   */
  appendRecord(data: Uint8Array): void;
  /**
   * Writes filemarks after the last object.
   *
   * @throws {MediumError} when the store below fails; the first of them may have been written.
   */
  appendFilemarks(count: number): void;
  /**
   * Drops everything from object `objectCount` on: what writing in the middle of a tape does.
   *
   * @throws {MediumError} when the store below fails.
   */
  truncate(objectCount: number): void;
}

/** What travels with a cartridge besides its contents. The drive writes it; a medium that lasts keeps it. */
export interface MediumState {
  /** The write-protect tab. */
  writeProtected: boolean;
  /** Density code (SSC-4 §8.3.3) that the tape was written in; `undefined` for the drive's own. */
  densityCode?: number;
  /** Native capacity of the cartridge in bytes; `undefined` for what the drive's personality gives. */
  capacityBytes?: number;
  /** Number of the partition in which the tape stands. */
  partition: number;
  /** Number of the object before which it stands. */
  object: number;
  /** The block length in force, in bytes; 0 for variable. `undefined` for the drive's default. */
  blockBytes?: number;
  /** Whether the drive compresses; `undefined` for the drive's default. */
  compression?: boolean;
}

/** A cartridge. One drive at a time uses it. */
export interface Medium {
  /** The partitions; there is at least one. */
  readonly partitions: readonly Partition[];
  /** What travels with the cartridge; changes last from the next {@linkcode Medium.flush} on. */
  readonly state: MediumState;
  /**
   * Everything written so far survives the end of this process.
   *
   * @throws {MediumError} when the store below fails.
   */
  flush(): void;
  /**
   * Flushes, and releases what the medium holds. Calling it again does nothing.
   *
   * @throws {MediumError} when the store below fails; it is released all the same.
   */
  close(): void;
}

/** The store that a medium lies on failed: a disk that is full, a file that vanished. */
export class MediumError extends Error {
  /** Name of the class. */
  override readonly name: string = "MediumError";

  /** Makes one; `cause` is what the store said. */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
  }
}
