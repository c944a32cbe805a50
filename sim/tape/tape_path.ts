/**
 * How far the tape has run past the heads, as a serpentine does: from end to end and back, wrap by wrap.
 *
 * @module
 */

import { along, locateMs, type MotionFacts } from "./drive_timing.ts";
import type { TransferCounts } from "./transfer_counts.ts";

/** Length of an LTO tape. */
export const TAPE_METRES = 846;

/** Where a tape stands, as a share of its capacity, and how much that is in bytes. */
export interface Standing {
  readonly share: number;
  readonly volumeBytes: number;
}

/** The way of one drive's tape; places are shares of the capacity. */
export class TapePath {
  readonly #facts: MotionFacts;
  readonly #counts: TransferCounts;
  readonly #standing: () => Standing | undefined;
  #share = 0;
  #isWinding = false;

  /** `standing` gives `undefined` while no cartridge is loaded. */
  constructor(
    facts: MotionFacts,
    counts: TransferCounts,
    standing: () => Standing | undefined = () => undefined,
  ) {
    this.#facts = facts;
    this.#counts = counts;
    this.#standing = standing;
  }

  /** A cartridge was loaded, and stands here. */
  begin(share: number): void {
    this.#share = share;
  }

  /** The counts are up to date: unless the tape is being wound, it got where it stands by reading and writing. */
  settle(): void {
    const standing = this.#isWinding ? undefined : this.#standing();
    if (standing !== undefined) this.transferredTo(standing.share, standing.volumeBytes);
  }

  /** Up to {@linkcode wound}, the tape passes the heads without being read or written. */
  wind(): void {
    this.settle();
    this.#isWinding = true;
  }

  /** The tape stands where it was wound to. */
  wound(): void {
    if (!this.#isWinding) return;
    this.#isWinding = false;
    this.woundTo(this.#standing()?.share ?? 0);
  }

  /** The tape was put at its beginning, by a command that winds or by whatever else. */
  rewound(): void {
    if (!this.#isWinding) this.woundTo(0);
  }

  /** Reading and writing have brought the tape of so many bytes here, along all wraps in between. */
  transferredTo(share: number, volumeBytes: number): void {
    if (share === this.#share) return;
    const { wraps, bytesPerMs } = this.#facts;
    const counts = this.#counts;
    const bytes = Math.abs(share - this.#share) * volumeBytes;
    const [from, to] = [this.#share * wraps, share * wraps];
    this.#share = share;
    counts.metres += Math.abs(to - from) * TAPE_METRES;
    counts.motionMs += bytes / bytesPerMs;
    counts.middlePasses += Math.abs(Math.floor(to + 0.5) - Math.floor(from + 0.5));
    // Every second wrap begins at the beginning of the tape.
    counts.beginningPasses += Math.abs(Math.ceil(to / 2) - Math.ceil(from / 2));
  }

  /** It was wound here. */
  woundTo(share: number): void {
    const [from, to] = [along(this.#facts, this.#share), along(this.#facts, share)];
    const counts = this.#counts;
    counts.metres += Math.abs(to - from) * TAPE_METRES;
    counts.motionMs += locateMs(this.#facts, this.#share, share);
    if (from < 0.5 !== to < 0.5) counts.middlePasses++;
    if (to === 0 && from > 0) counts.beginningPasses++;
    this.#share = share;
  }
}
