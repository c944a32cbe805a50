import { createHash, type Hash } from "node:crypto";

/** Records of one length that follow each other. */
export interface RecordRun {
  /** Bytes of each. */
  readonly bytes: number;
  readonly count: number;
}

/** Why a file ends where it does. */
export type FileEnd = "filemark" | "end-of-data" | "interrupted";

/** What one file of a tape is made of. */
export interface FileFacts {
  /** Number of the file, counted from 0 where reading began. */
  readonly file: number;
  /** Number of its first object in its partition, when the drive tells. */
  readonly position?: number;
  readonly records: number;
  readonly bytes: number;
  /** Lengths of its records in their order; the first {@link MAX_RUNS} runs. */
  readonly runs: readonly RecordRun[];
  /** Whether there are more runs than those. */
  readonly moreRuns: boolean;
  readonly shortestRecord: number;
  readonly longestRecord: number;
  /** Of all its records one after the other, 64 hex digits; only where asked for. */
  readonly sha256?: string;
  /** What could not be read of it. */
  readonly unreadable: readonly Unreadable[];
  readonly end: FileEnd;
}

/** An object that could not be read. */
export interface Unreadable {
  /** Its number in its partition, when known. */
  readonly object?: number;
  /** What the drive said. */
  readonly message: string;
}

/** The place that a tape was read at in vain. */
export function unreadableAt(object: number | undefined, error: Error): Unreadable {
  return { ...(object !== undefined && { object }), message: error.message };
}

/** Runs of records that are kept of one file, so that a file of ever changing lengths takes no more memory. */
export const MAX_RUNS = 256;
/** Bad places that are kept of one file. */
const MAX_UNREADABLE = 10_000;

/** Counts the records of one file. */
export class FileTally {
  readonly #file: number;
  readonly #position: number | undefined;
  readonly #hash: Hash | undefined;
  readonly #runs: { bytes: number; count: number }[] = [];
  readonly #unreadable: Unreadable[] = [];
  #moreRuns = false;
  #records = 0;
  #bytes = 0;
  #shortest = Infinity;
  #longest = 0;

  constructor(
    file: number,
    position: number | undefined,
    options: { readonly hashed: boolean },
  ) {
    this.#file = file;
    this.#position = position;
    this.#hash = options.hashed ? createHash("sha256") : undefined;
  }

  /** Whether the file holds nothing yet. */
  get isEmpty(): boolean {
    return this.#records === 0 && this.#unreadable.length === 0;
  }

  /** Counts a record. */
  add(data: Uint8Array): void {
    this.addLength(data.length);
    this.#hash?.update(data);
  }

  /** Counts a record of which nothing but its length is at hand. */
  addLength(length: number): void {
    this.#records++;
    this.#bytes += length;
    this.#shortest = Math.min(this.#shortest, length);
    this.#longest = Math.max(this.#longest, length);
    this.#addToRuns(length);
  }

  /** Notes an object that could not be read. */
  addUnreadable(unreadable: Unreadable): void {
    if (this.#unreadable.length < MAX_UNREADABLE) this.#unreadable.push(unreadable);
  }

  /** The file has ended. */
  finish(end: FileEnd): FileFacts {
    return {
      file: this.#file,
      ...(this.#position !== undefined && { position: this.#position }),
      records: this.#records,
      bytes: this.#bytes,
      runs: this.#runs,
      moreRuns: this.#moreRuns,
      shortestRecord: this.#records === 0 ? 0 : this.#shortest,
      longestRecord: this.#longest,
      ...(this.#hash && { sha256: this.#hash.digest("hex") }),
      unreadable: this.#unreadable,
      end,
    };
  }

  #addToRuns(bytes: number): void {
    const last = this.#runs.at(-1);
    if (last?.bytes === bytes && !this.#moreRuns) last.count++;
    else if (this.#runs.length < MAX_RUNS) this.#runs.push({ bytes, count: 1 });
    else this.#moreRuns = true;
  }
}
