/**
 * A growing column of numbers in flat memory: eight bytes an entry, whatever their count.
 *
 * @module
 */

/** Room that a column begins with. */
const FIRST_ENTRIES = 64;

/** A growing array of numbers, kept in a typed array that doubles. */
export class NumberColumn {
  #values: Float64Array;
  #length: number;

  /** Makes a column of these numbers, and uses their array for itself. */
  constructor(values: Float64Array = new Float64Array(0)) {
    this.#values = values;
    this.#length = values.length;
  }

  /** How many numbers there are. */
  get length(): number {
    return this.#length;
  }

  /** The numbers; valid until the next change. */
  get values(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }

  /** The number at `index`, which must be below {@linkcode length}. */
  at(index: number): number {
    return this.#values[index];
  }

  /** Adds a number at the end. */
  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(Math.max(FIRST_ENTRIES, this.#length * 2));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** Drops everything from `length` on. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** Whether `value` is among the numbers, which must ascend. */
  has(value: number): boolean {
    const index = this.countBelow(value);
    return index < this.#length && this.#values[index] === value;
  }

  /** How many of the numbers, which must ascend, are below `value`. */
  countBelow(value: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#values[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
