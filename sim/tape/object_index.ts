/**
 * Where the objects of a partition lie: kinds, lengths and filemarks in flat memory.
 *
 * @module
 */

import { FILEMARK_BYTES, type ObjectKind } from "./medium.ts";
import { NumberColumn } from "./number_column.ts";

/** What an index is made of; the arrays are valid until its next change. */
export interface IndexColumns {
  /** Capacity taken by each object and all before it, in bytes. */
  readonly ends: Float64Array;
  /** Numbers of the filemarks. */
  readonly filemarks: Float64Array;
  /** Numbers of the damaged records. */
  readonly damaged: Float64Array;
  /** Numbers of the records that have a seal. */
  readonly sealed: Float64Array;
  /** Their seals, in the same order. */
  readonly seals: readonly Uint8Array[];
}

/** The index of one partition: eight bytes an object, and eight more for one that is not a good record. */
export class ObjectIndex {
  // Capacity taken by an object and all before it: both its length and its place follow from it.
  readonly #ends: NumberColumn;
  readonly #filemarks: NumberColumn;
  readonly #damaged: NumberColumn;
  // The objects that have a seal, and their seals in the same order.
  readonly #sealed: NumberColumn;
  readonly #seals: Uint8Array[];

  /** Makes an empty index, or one of these columns, which become its own. */
  constructor(columns?: IndexColumns) {
    this.#ends = new NumberColumn(columns?.ends);
    this.#filemarks = new NumberColumn(columns?.filemarks);
    this.#damaged = new NumberColumn(columns?.damaged);
    this.#sealed = new NumberColumn(columns?.sealed);
    this.#seals = [...columns?.seals ?? []];
  }

  /** What it is made of. */
  get columns(): IndexColumns {
    return {
      ends: this.#ends.values,
      filemarks: this.#filemarks.values,
      damaged: this.#damaged.values,
      sealed: this.#sealed.values,
      seals: this.#seals,
    };
  }

  /** Number of objects. */
  get objectCount(): number {
    return this.#ends.length;
  }

  /** Number of filemarks. */
  get filemarkCount(): number {
    return this.#filemarks.length;
  }

  /** Adds a record at the end; the seal is kept as it is. */
  addRecord(length: number, kind: "record" | "damaged" = "record", seal?: Uint8Array): void {
    if (kind === "damaged") this.#damaged.push(this.objectCount);
    if (seal !== undefined) {
      this.#sealed.push(this.objectCount);
      this.#seals.push(seal);
    }
    this.#ends.push(this.bytesBefore(this.objectCount) + length);
  }

  /** Adds a filemark at the end. */
  addFilemark(): void {
    this.#filemarks.push(this.objectCount);
    this.#ends.push(this.bytesBefore(this.objectCount) + FILEMARK_BYTES);
  }

  /** Drops everything from object `objectCount` on. */
  truncate(objectCount: number): void {
    this.#filemarks.truncate(this.filemarksBefore(objectCount));
    this.#damaged.truncate(this.#damaged.countBelow(objectCount));
    this.#sealed.truncate(this.#sealed.countBelow(objectCount));
    this.#seals.length = this.#sealed.length;
    this.#ends.truncate(objectCount);
  }

  /** The seal of a record; `undefined` when it has none. */
  seal(object: number): Uint8Array | undefined {
    if (this.#seals.length === 0) return undefined;
    const index = this.#sealed.countBelow(object);
    return index < this.#sealed.length && this.#sealed.at(index) === object
      ? this.#seals[index]
      : undefined;
  }

  /** What the object is. */
  kind(object: number): ObjectKind {
    if (this.#filemarks.has(object)) return "filemark";
    return this.#damaged.has(object) ? "damaged" : "record";
  }

  /** Length of a record in bytes; 0 for a filemark. */
  recordLength(object: number): number {
    if (this.kind(object) === "filemark") return 0;
    return this.#ends.at(object) - this.bytesBefore(object);
  }

  /** Capacity taken by all objects before this one, in bytes. */
  bytesBefore(object: number): number {
    return object === 0 ? 0 : this.#ends.at(object - 1);
  }

  /** How many filemarks lie before this object. */
  filemarksBefore(object: number): number {
    return this.#filemarks.countBelow(object);
  }

  /** Object number of the filemark with this index. */
  filemarkAt(index: number): number {
    return this.#filemarks.at(index);
  }
}
