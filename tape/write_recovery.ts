/**
 * Where the tape stands after a write that failed, or whose answer never came, and the way back to where the next record belongs.
 *
 * There is no ACA: the drive executes the writes behind one that failed. Numbers tell what happened, where READ POSITION has kept step with the
 * writes before. Writing at the right place again is then always right, for it overwrites whatever landed there.
 *
 * @module
 */

import { locateCdbs, LocateDestination, readCdb, spaceCdb, SpaceCode } from "./commands.ts";
import { isDone } from "./conditions.ts";
import { PositionLostError, TapeError, TransportLostError } from "./errors.ts";
import { leastRead } from "./least_read.ts";
import type { Outage } from "./outage.ts";
import type { TapeSession } from "./tape_session.ts";

/** What has to be found on the tape. */
export interface Verification {
  /** Objects written without an answer. */
  readonly objects: number;
  /** Objects before them that were answered. */
  readonly before: number;
  /** Most objects that can have been written behind one that was refused. */
  readonly behind: number;
  /** Whether what was answered last is a filemark. */
  readonly isBehindMark: boolean;
  /** What made the answers go missing. */
  readonly cause: unknown;
}

/** Finds the place again where writing has to go on. */
export class WriteRecovery {
  readonly #session: TapeSession;
  readonly #outage: Outage;

  constructor(session: TapeSession, outage: Outage) {
    this.#session = session;
    this.#outage = outage;
  }

  /** Whether lost answers can be made up for: the drive's numbers are proven, and the connection stands or may be set up again. */
  get isPossible(): boolean {
    return this.#here !== undefined && this.isWanted && !this.#outage.hasGivenUp;
  }

  /** Whether lost answers are to be made up for at all. */
  get isWanted(): boolean {
    return this.#outage.isRecovering;
  }

  /** The drive's number of the place behind everything that is known to be written. */
  get #here(): number | undefined {
    return this.#session.proof.numberBehind(0);
  }

  /**
   * Brings the tape back to behind everything that is known to be written, from at most `most` objects further on.
   *
   * @throws {PositionLostError} when the tape is not there in the end.
   */
  async goBack(most: number): Promise<void> {
    if (this.#outage.isHere) await this.#outage.overcome();
    const here = this.#here;
    const objects = here === undefined ? undefined : await this.#objectsBeyond(here);
    const isNear = objects !== undefined && objects >= 0 && objects <= most;
    if (!isNear || !await this.#backOver(objects, here!)) throw this.#lost(undefined);
  }

  /**
   * After a write without an answer: connects again where that is needed, and tells how many objects stand on the tape beyond what is known to be written,
   * at most `most`. The tape then stands behind them.
   *
   * @throws {PositionLostError} when that cannot be told for certain; {@link TapeError} when the drive does not come back, or not with the same tape.
   */
  async objectsWritten(most: number, cause: unknown, signal?: AbortSignal): Promise<number> {
    const here = this.#here;
    if (this.#outage.isHere) await this.#outage.overcome(signal);
    const objects = here === undefined ? undefined : await this.#objectsBeyond(here);
    if (objects === undefined || objects < 0 || objects > most) throw this.#lost(cause);
    return objects;
  }

  /** The same for filemarks, over at most so many lost connections. */
  async marksWritten(most: number, cause: unknown, attempts: number): Promise<number> {
    for (let left = attempts;; left--) {
      try {
        if (left > 0) return await this.objectsWritten(most, cause);
      } catch (error) {
        if (!(error instanceof TransportLostError) || !this.isPossible) throw error;
      }
      if (left <= 0) throw cause;
    }
  }

  /**
   * Goes back over `objects`, which were written without an answer, and over `before` more that were written before them, and reads them all: whether the tape
   * holds these `records`. It then stands behind them again. Without that, a write that was refused between two others would pass for written.
   *
   * @throws {PositionLostError} when it does not.
   */
  async verify(
    records: readonly Uint8Array[],
    { objects, before, behind, isBehindMark, cause }: Verification,
  ): Promise<void> {
    const here = this.#here!;
    if (records.length === 0) {
      if (behind === 0) return;
      // So near the beginning a drive that was reset may by chance have come just here with what followed the write that it told so.
      if (here <= behind + 1) throw this.#lost(cause);
      if (isBehindMark && !await this.#isBehindMark(here)) throw this.#lost(cause);
      return;
    }
    if (!await this.#backOver(objects + before, here - before)) throw this.#lost(cause);
    for (const record of records) {
      if (!await this.#isNext(record)) throw this.#lost(cause);
    }
    if (await this.#objectsBeyond(here) !== objects) throw this.#lost(cause);
  }

  /**
   * Whether the drive finds the place again up to which everything was on tape. It does not when something was written before that, for what follows a write is
   * gone; that is, where it lies further from the beginning than the `strayed` objects reach. The tape may stand anywhere afterwards.
   */
  async stillHoldsDurable(strayed: number): Promise<boolean> {
    const number = this.#session.ledger.durableNumber;
    if (number === 0) return true;
    // Some drives count from 1.
    if (number === undefined || number <= strayed + 1) return false;
    const { device, blockBytes } = this.#session;
    const place = { number, destination: LocateDestination.Object };
    try {
      for (const cdb of locateCdbs(place)) {
        const { condition } = await device.attempt({ cdb });
        if (condition === "illegal-request") continue;
        return condition === "good" && (await this.#session.drivePosition.ask())?.object === number;
      }
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
    } finally {
      if (this.#session.blockBytes !== blockBytes) this.#session.mode.suspectForeign(blockBytes);
    }
    return false;
  }

  /** How far the drive stands beyond a number of its own. */
  async #objectsBeyond(here: number): Promise<number | undefined> {
    const number = (await this.#session.drivePosition.ask())?.object;
    // 0 is what a drive says that has rewound itself, and nothing proven is as low.
    return number === undefined || number === 0 ? undefined : number - here;
  }

  /** Over records alone, which every drive does right, and the drive has to say so itself. */
  async #backOver(objects: number, here: number): Promise<boolean> {
    if (objects === 0) return true;
    const { device } = this.#session;
    device.logger.debug("Going back over {objects} records on {name}", {
      objects,
      name: device.name,
    });
    const { condition } = await device.probe({ cdb: spaceCdb(SpaceCode.Blocks, -objects) });
    if (!isDone(condition)) return false;
    return await this.#objectsBeyond(here) === 0;
  }

  /** Whether the object before this place is a filemark. */
  async #isBehindMark(here: number): Promise<boolean> {
    const { device } = this.#session;
    const back = await device.probe({ cdb: spaceCdb(SpaceCode.Filemarks, -1) });
    if (!isDone(back.condition) || await this.#objectsBeyond(here) !== -1) return false;
    const { condition } = await device.probe(leastRead(this.#session));
    return condition === "filemark" && await this.#objectsBeyond(here) === 0;
  }

  async #isNext(record: Uint8Array): Promise<boolean> {
    const { device, blockBytes } = this.#session;
    const fixed = blockBytes > 0;
    const dataIn = new Uint8Array(record.length);
    const length = fixed ? record.length / blockBytes : record.length;
    const reply = await device.probe({ cdb: readCdb({ fixed, sili: false, length }), dataIn });
    const isWhole = reply.condition === "good" || reply.condition === "early-warning";
    if (!isWhole || reply.dataInLength !== record.length) return false;
    return dataIn.every((byte, at) => byte === record[at]);
  }

  #lost(cause: unknown): PositionLostError {
    const { device, count, buffer, ledger } = this.#session;
    const told = count.object === undefined ? "" : `; ${count.object} objects were written before`;
    return new PositionLostError(
      `Cannot go on writing on ${device.name}: where the tape stands does not prove what was written${told}; rewind, locate or space to end of data first`,
      { cause, writes: ledger.outcome(buffer.isDirty) },
    );
  }
}
