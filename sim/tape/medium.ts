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

/** Most partitions of a cartridge, as LTO has them from the sixth generation on. */
export const MAX_PARTITIONS = 4;

/** Longest seal of a record, in bytes. */
export const MAX_SEAL_BYTES = 1024;

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
   * @throws {MediumStoreError} when the store below fails.
   */
  read(object: number, maxBytes: number): Uint8Array;
  /**
   * What was written along with a record, as it was given: how it is encrypted. `undefined` for a record without, and
   * for a filemark. For reading only.
   */
  seal(object: number): Uint8Array | undefined;
  /**
   * Writes a record after the last object. The bytes are copied.
   *
   * @param seal kept with the record, at most {@link MAX_SEAL_BYTES}, and no part of its contents
   * @throws {MediumStoreError} when the store below fails; the partition is then as before.
   */
  appendRecord(data: Uint8Array, seal?: Uint8Array): void;
  /**
   * Writes filemarks after the last object.
   *
   * @throws {MediumStoreError} when the store below fails; the first of them may have been written.
   */
  appendFilemarks(count: number): void;
  /**
   * Drops everything from object `objectCount` on: what writing in the middle of a tape does.
   *
   * @throws {MediumStoreError} when the store below fails.
   */
  truncate(objectCount: number): void;
}

/** A value in the memory of a cartridge (SPC-5 §7.4, medium auxiliary memory). */
export interface StoredAttribute {
  /** Attribute identifier, 0 to FFFFh. */
  readonly id: number;
  /** Partition that it is about; 0 for the whole cartridge. */
  readonly partition: number;
  /** FORMAT: 0 binary, 1 ASCII, 2 text in the code page of attribute 0805h. */
  readonly format: number;
  /** The value in hex. */
  readonly value: string;
}

/** What travels with a cartridge besides its contents. The drive writes it; a medium that lasts keeps it. */
export interface MediumState {
  /** The write-protect tab. */
  writeProtected: boolean;
  /** Write once, read many: what is on it can be added to, and not overwritten. @default false */
  worm?: boolean;
  /** Label that a robot reads, up to 32 characters; attribute 0806h unless a host writes another. @default none */
  barcode?: string;
  /** Density code (SSC-4 §8.3.3) that the tape was written in; `undefined` for the drive's own. */
  densityCode?: number;
  /** Native capacity of the cartridge in bytes; `undefined` for what the drive's personality gives. */
  capacityBytes?: number;
  /** Early-warning zone of each partition in bytes; `undefined` for what the drive makes of its capacity. */
  earlyWarningBytes?: number;
  /** Share of the capacity in use, in 65535ths, as SET CAPACITY (SSC-4 §7.10) left it. @default 65535 */
  capacityProportion?: number;
  /** Capacity of each partition in bytes, when there are several. */
  partitionBytes?: readonly number[];
  /** How often it was loaded. @default 0 */
  loadCount?: number;
  /** Bytes written to it in all its life. @default 0 */
  bytesWritten?: number;
  /** Bytes read from it in all its life. @default 0 */
  bytesRead?: number;
  /** Records written to it in all its life. @default 0 */
  recordsWritten?: number;
  /** Records read from it in all its life. @default 0 */
  recordsRead?: number;
  /** Records that could not be written. @default 0 */
  unrecoveredWrites?: number;
  /** Records that could not be read. @default 0 */
  unrecoveredReads?: number;
  /** Records that could be read at the second try. @default 0 */
  recoveredReads?: number;
  /** How often its beginning has passed the heads. @default 0 */
  beginningPasses?: number;
  /** How often its middle has. @default 0 */
  middlePasses?: number;
  /** How often it was formatted (attribute 0007h, less the first time). @default 0 */
  formatCount?: number;
  /** Volume change reference (attribute 0009h): changes with the first change after each load. @default 0 */
  volumeChangeReference?: number;
  /** Drives that loaded it last, the latest first: vendor and serial number. At most 4. @default none */
  lastDrives?: readonly string[];
  /** What hosts wrote into the cartridge's memory. @default none */
  attributes?: readonly StoredAttribute[];
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
  /** The partitions; there is at least one. Another array after {@linkcode Medium.format}. */
  readonly partitions: readonly Partition[];
  /** What travels with the cartridge; changes last from the next {@linkcode Medium.flush} on. */
  readonly state: MediumState;
  /**
   * Everything written so far survives the end of this process.
   *
   * @throws {MediumStoreError} when the store below fails.
   */
  flush(): void;
  /**
   * Puts `count` empty partitions in the place of all there were: what was on the tape is gone.
   *
   * @param count 1 to {@link MAX_PARTITIONS}
   * @throws {MediumStoreError} when the store below fails; there are either the old partitions, perhaps empty, or the new.
   */
  format(count: number): void;
  /**
   * Flushes, and releases what the medium holds. Calling it again does nothing.
   *
   * @throws {MediumStoreError} when the store below fails; it is released all the same.
   */
  close(): void;
}

/** The store that a medium lies on failed: a disk that is full, a file that vanished. */
export class MediumStoreError extends Error {
  /** Name of the class. */
  override readonly name: string = "MediumStoreError";

  /** Makes one; `cause` is what the store said. */
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
  }
}
