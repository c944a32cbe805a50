/**
 * The driver's own count of where the caller stands, from the beginning of the partition. It needs no trust in what a drive says about
 * numbers, only in what passed the head.
 *
 * @module
 */

/** What a {@link TapeCount} knew at one moment. */
export interface CountSnapshot {
  readonly object: number | undefined;
  readonly file: number | undefined;
  readonly record: number | undefined;
}

/** Objects, filemarks, and records since the last filemark, each known or not. */
export class TapeCount {
  #object: number | undefined;
  #file: number | undefined;
  #record: number | undefined;

  /** Objects since the beginning of the partition. */
  get object(): number | undefined {
    return this.#object;
  }

  /** Filemarks since the beginning of the partition. */
  get file(): number | undefined {
    return this.#file;
  }

  /** Records since the last filemark, or since the beginning of the partition. */
  get record(): number | undefined {
    return this.#record;
  }

  /** Whether the way from the beginning to here is known: so many filemarks, then so many records. */
  get isAnchored(): boolean {
    return this.#file !== undefined && this.#record !== undefined;
  }

  /** What is known now. */
  snapshot(): CountSnapshot {
    return { object: this.#object, file: this.#file, record: this.#record };
  }

  /** The caller is again where it was at the moment of the snapshot. */
  restore({ object, file, record }: CountSnapshot): void {
    this.#object = object;
    this.#file = file;
    this.#record = record;
  }

  /** The tape stands at the beginning of the partition. */
  setBeginning(): void {
    this.#object = this.#file = this.#record = 0;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#object = this.#file = this.#record = undefined;
  }

  /** Only objects were counted, of which some may be filemarks; before the first there is neither. */
  passObjects(count: number): void {
    this.#object = sum(this.#object, count);
    this.#file = this.#record = this.#object === 0 ? 0 : undefined;
  }

  /** Records went by without a filemark between them; negative when backwards. */
  passRecords(count: number): void {
    this.#object = sum(this.#object, count);
    this.#record = sum(this.#record, count);
  }

  /** Filemarks follow one another here: they were written, or one was read. */
  passFilemarks(count: number): void {
    if (count === 0) return;
    this.#object = sum(this.#object, count);
    this.#file = sum(this.#file, count);
    this.#record = 0;
  }

  /** Something of this file has gone by, or has not. */
  loseRecord(): void {
    this.#object = this.#record = undefined;
  }

  /** Spaced forwards over filemarks and whatever lies between them. */
  spaceFilemarks(count: number): void {
    if (count === 0) return;
    this.#object = undefined;
    this.#file = sum(this.#file, count);
    this.#record = 0;
  }

  /** Spaced backwards to before a filemark. Not every drive lands where it should, so nothing is certain. */
  spaceFilemarksBack(): void {
    this.forget();
  }
}

/** A count that would fall below the beginning proves that it was wrong. */
function sum(known: number | undefined, count: number): number | undefined {
  if (known === undefined || known + count < 0) return undefined;
  return known + count;
}
