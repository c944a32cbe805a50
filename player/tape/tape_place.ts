import type { LocateTarget, ReadResult, SpaceResult } from "@uiscsi/tape";

/** What the player needs of a drive; `TapeDrive` is one. */
export interface PlayableDrive {
  /** The next record, filemark or end of data. */
  read(options?: { readonly signal?: AbortSignal }): Promise<ReadResult>;
  /** Moves over filemarks. */
  space(
    what: "filemarks",
    count: number,
    options?: { readonly signal?: AbortSignal },
  ): Promise<SpaceResult>;
  /** Goes to a file. */
  locate(target: LocateTarget, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Goes to the beginning. */
  rewind(options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Keeps count of the files while the tape moves, so that a track is always read from its own file. */
export class TapePlace {
  readonly #drive: PlayableDrive;
  /** Filemarks before the tape; `undefined` when that is not certain. */
  #file: number | undefined;
  #isAtStart = false;

  constructor(drive: PlayableDrive) {
    this.#drive = drive;
  }

  /** Goes to the beginning of a file. A failure leaves the place uncertain: the next time begins with a rewind. */
  async goTo(file: number, signal: AbortSignal): Promise<void> {
    const from = this.#file;
    if (from === file && this.#isAtStart) return;
    this.#file = undefined;
    if (from !== undefined && from < file) {
      await this.#drive.space("filemarks", file - from, { signal });
    } else if (from !== undefined && file > 0) {
      await this.#drive.locate({ file }, { signal });
    } else {
      await this.#drive.rewind({ signal });
      if (file > 0) await this.#drive.space("filemarks", file, { signal });
    }
    this.#file = file;
    this.#isAtStart = true;
  }

  /** Reads on. */
  async read(signal: AbortSignal): Promise<ReadResult> {
    const file = this.#file;
    this.#file = undefined;
    const result = await this.#drive.read({ signal });
    if (file !== undefined) this.#file = result.kind === "filemark" ? file + 1 : file;
    this.#isAtStart = result.kind === "filemark" || (this.#isAtStart && result.kind !== "record");
    return result;
  }

  /** To the beginning of the tape. */
  async rewind(signal: AbortSignal): Promise<void> {
    this.#file = undefined;
    await this.goTo(0, signal);
  }
}
