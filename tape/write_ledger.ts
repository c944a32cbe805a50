/**
 * What has become of the records given to `write()`: taken, written in their order, proven to be on tape.
 *
 * @module
 */

/** A record that is not on tape. */
export interface UnwrittenRecord {
  /** The number of its write, as {@link WriteResult.number} has it. */
  readonly number: number;
  /**
   * Its bytes; in fixed mode the blocks of it that were not written. The array is the caller's: a copy where the drive had made one, else the very array
   * that was given to `write()`.
   */
  readonly data: Uint8Array;
}

/**
 * What became of all that was written, told with an error. Writes are numbered from 0 since the drive was opened; numbers that an earlier error has given as
 * unwritten are left out of account.
 */
export interface WriteOutcome {
  /**
   * All writes with lower numbers are on tape: a synchronous WRITE FILEMARKS, a REWIND or an unload after them was good. A drive that was
   * reset, had its tape changed or lost its place with several writes under way may have written some of them at the beginning of the tape: this is 0 then, unless
   * the drive still finds the place up to which all was durable.
   */
  readonly durable: number;
  /** Number of objects from the beginning of the partition that this amounts to, when the driver could count them. */
  readonly durableObject?: number;
  /**
   * All writes with lower numbers stand on tape in their order, or in the drive's buffer on the way there. The same as `durable` when the drive may have lost
   * what it had buffered.
   */
  readonly written: number;
  /** Whether it is certain that nothing from `written` on stands on tape where it belongs. Else that is not known. */
  readonly isCertain: boolean;
  /** Whether the tape stands where the first of `unwritten` belongs, so that these can be written again at once. */
  readonly isInPlace: boolean;
  /**
   * The writes from `written` on whose bytes the driver still holds, in their order, the one that threw included. What the drive had called good before it lost
   * its buffer is held no longer.
   */
  readonly unwritten: readonly UnwrittenRecord[];
  /**
   * Numbers of writes that the drive says it has written behind one that failed, so not where they belong. They are unwritten all the same; with `isInPlace`
   * the next write or filemark overwrites them.
   */
  readonly misplaced: readonly number[];
}

/** Counts of the writes of one drive. */
export class WriteLedger {
  #taken = 0;
  #written = 0;
  #durable = 0;
  #durableObject: number | undefined;
  #durableNumber: number | undefined;
  /** What the drive had buffered may be lost, or written further than is known, and nothing was confirmed since. */
  #isUncertain = false;
  /** In which run of the tape the last write was made. */
  #run: number | undefined;

  /** What the drive itself called the place up to which everything is on tape, when its numbers were proven; 0 when nothing was written before. */
  get durableNumber(): number | undefined {
    return this.#durable === 0 ? 0 : this.#durableNumber;
  }

  /** The number that the next write will have. */
  get next(): number {
    return this.#taken;
  }

  /** The number of a write that begins. */
  take(): number {
    return this.#taken++;
  }

  /** This write, and so all before it, is written. */
  confirm(number: number): void {
    this.#written = number + 1;
    this.#isUncertain = false;
  }

  /** The caller is told that what was not durable may not be on tape: with the outcome that this amounts to. */
  giveUpBuffer(): WriteOutcome {
    this.#written = this.#durable;
    this.#isUncertain = true;
    return this.outcome(true);
  }

  /** Something was written in this run of the tape. */
  wroteIn(run: number): void {
    this.#run = run;
  }

  /**
   * All that is written is on tape. In the run of the last write that is as far as the tape stands: `object` objects as the driver counts, up to what the
   * drive calls `number`. When the tape has been moved since, how far it is can be told only if nothing was written since that was known.
   */
  synchronize(run: number, here: { readonly object?: number; readonly number?: number }): void {
    const isThere = run === this.#run;
    if (!isThere && this.#durable === this.#written) return;
    this.#durable = this.#written;
    this.#durableObject = isThere ? here.object : undefined;
    this.#durableNumber = isThere ? here.number : undefined;
  }

  /** Something was written where nobody knows: nothing that was on the tape can be relied on. */
  distrust(): void {
    this.#written = this.#durable = 0;
    this.#durableObject = this.#durableNumber = undefined;
  }

  /** What became of everything, when nothing but this is known. `mayBeLost`: the drive may have lost its buffer. */
  outcome(mayBeLost: boolean, details: Partial<WriteOutcome> = {}): WriteOutcome {
    return {
      durable: this.#durable,
      ...(this.#durableObject !== undefined && { durableObject: this.#durableObject }),
      written: mayBeLost ? this.#durable : this.#written,
      isCertain: !mayBeLost && !this.#isUncertain,
      isInPlace: false,
      unwritten: [],
      misplaced: [],
      ...details,
    };
  }
}
