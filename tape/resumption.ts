/**
 * Reading on after a lost connection: from where the caller was, in the same partition.
 *
 * @module
 */

import { isCalledOff } from "./abort.ts";
import { PositionLostError, TapeError, TransportLostError } from "./errors.ts";
import type { Outage } from "./outage.ts";
import type { ReadAhead } from "./read_ahead.ts";
import type { Reposition } from "./reposition.ts";
import type { CountSnapshot } from "./tape_count.ts";
import type { TapeSession } from "./tape_session.ts";

/** What the connection is lost over this often stays unread. */
const MAX_OUTAGES = 3;

/** A place on the tape: by the driver's own count, and by the drive's number when that is proven. */
interface Place {
  readonly count: CountSnapshot;
  readonly number: number | undefined;
  readonly partition: number | undefined;
}

/** Runs what only reads, and connects again for it. */
export class Resumption {
  readonly #session: TapeSession;
  readonly #ahead: ReadAhead;
  readonly #reposition: Reposition;
  readonly #outage: Outage;
  /** Where the caller was when an attempt to go there failed, as long as the tape has not been moved since. */
  #kept: { readonly place: Place; readonly run: number } | undefined;

  constructor(session: TapeSession, ahead: ReadAhead, reposition: Reposition, outage: Outage) {
    this.#session = session;
    this.#ahead = ahead;
    this.#reposition = reposition;
    this.#outage = outage;
  }

  /**
   * Runs an operation that only reads. When the connection is lost in it, connects again, brings the tape to where the caller was, and runs it
   * anew: by the drive's numbers where these are proven, else from the beginning by the driver's own count.
   *
   * @throws {PositionLostError} when no certain way there is left.
   * @throws {TapeError} when the drive does not come back, or not with the same tape.
   */
  async resuming<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const place = this.#place();
    for (let outages = 0;; outages++) {
      try {
        if (outages > 0 || this.#outage.isHere) {
          await this.#comeBack(place, signal);
          this.#session.tellLoss("continue");
        }
        return await operation();
      } catch (error) {
        const isLost = error instanceof TransportLostError && this.#outage.isHere;
        if (!isLost && !this.#isGarbled(error)) throw error;
        if (place === undefined || this.#outage.hasGivenUp) throw error;
        if (outages >= MAX_OUTAGES) throw error;
      }
    }
  }

  /**
   * Whether a READ among several came back with an error that no drive gives: istgt now and then mixes up the answers to commands that are under way
   * together. What it has answered otherwise since the last new connection cannot be trusted either.
   */
  #isGarbled(error: unknown): boolean {
    if (!(error instanceof TapeError) || this.#ahead.depth === 0 || !this.#outage.isRecovering) {
      return false;
    }
    return error.senseKey === undefined && error.rawSense.length > 0;
  }

  /** Whether nothing that the drive says now is certain to be about the same tape: a lost connection was not set up to the end. */
  get isUnfinished(): boolean {
    return this.#outage.isHere;
  }

  /** Whether the tape has still to be brought to where the caller is. */
  get isAway(): boolean {
    return this.#kept?.run === this.#session.proof.run;
  }

  /** Where the caller is, in all ways that lead there; `undefined` when that is lost already. */
  #place(): Place | undefined {
    const { isLost, count, proof, partition: { certain: partition } } = this.#session;
    if (isLost) return undefined;
    if (this.isAway) return this.#kept!.place;
    this.#ahead.hearNumbers();
    const { records, filemarks } = this.#ahead.undelivered();
    return { count: count.snapshot(), number: proof.numberBehind(records + filemarks), partition };
  }

  /** Connects again, and goes to where the caller was, if that was known. */
  async #comeBack(place: Place | undefined, signal?: AbortSignal): Promise<void> {
    await this.#reposition.abandonLost();
    if (place !== undefined) return await this.#resume(place, signal);
    const { certain } = this.#session.partition;
    await this.#outage.overcome(signal);
    // Every motion within a partition would go wrong.
    if (!await this.#isIn(certain)) throw this.#session.lostError("continue");
    // Where reads went on in spite of that, the tape may stand no longer.
    this.#session.deferLoss();
  }

  /** Connects again, and goes there. When the connection is lost once more, or that is called off, that is where the caller still is. */
  async #resume(place: Place, signal?: AbortSignal): Promise<void> {
    // Some targets falter when several commands are under way.
    this.#ahead.slowDown();
    try {
      await this.#outage.overcome(signal);
      this.#restore(place);
      await this.#goTo(place);
    } catch (error) {
      if (this.#session.device.isNexusLost || isCalledOff(error, signal)) this.#keep(place);
      else this.#session.lose(error);
      throw error;
    }
  }

  async #goTo({ number, partition }: Place): Promise<void> {
    if (await this.#isIn(partition) && await this.#reposition.returnTo(number)) return;
    throw this.#session.lostError("continue");
  }

  /** Where the partition was not certain before, it is enough that it is now. */
  async #isIn(partition: number | undefined): Promise<boolean> {
    if (partition !== undefined) return await this.#reposition.toPartition(partition);
    await this.#session.partition.learn();
    return this.#session.partition.certain !== undefined;
  }

  /** The caller is where he was, wherever the tape stands. */
  #restore({ count, partition }: Place): void {
    this.#session.place();
    this.#session.count.restore(count);
    if (partition !== undefined) this.#session.partition.enter(partition);
  }

  /** What the drive has said of itself meanwhile holds for the drive, not for the caller, and the READs ahead are forgotten. */
  #keep(place: Place): void {
    this.#restore(place);
    this.#kept = { place, run: this.#session.proof.run };
  }

  /**
   * Connects again after an outage that was noticed before an operation begins. When nothing but READs was under way the tape is brought to where
   * the caller is; where that is not possible, its position is lost, and operations that do not need it work all the same, unless the partition is another.
   */
  async reconnect(signal?: AbortSignal): Promise<void> {
    await this.#ahead.settle();
    const place = this.#place();
    const { buffer } = this.#session;
    const { isDirty } = buffer;
    try {
      await this.#comeBack(place, signal);
    } catch (error) {
      // Nothing has written it out meanwhile, so what is dirty no longer was found lost.
      const isBufferAtStake = buffer.isBuffered || buffer.isDirty !== isDirty;
      const isPlaceLost = place !== undefined && error instanceof PositionLostError;
      if (!isPlaceLost || isBufferAtStake || this.#isElsewhere(place.partition)) throw error;
      this.#session.deferLoss();
    }
  }

  /** Whether the tape may stand in another partition, where every motion within one would go wrong. */
  #isElsewhere(partition: number | undefined): boolean {
    const { certain } = this.#session.partition;
    return certain === undefined || (partition ?? certain) !== certain;
  }
}
