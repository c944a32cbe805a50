/**
 * READs that meet the end of the partition although there is something left to read.
 *
 * A drive may refuse a READ whose room reaches beyond the end of what the tape lies on, whatever stands there, and refuse
 * every READ after that until the tape is moved. Records are then read with less room; whether a filemark or the end of data
 * stands there, SPACE tells. Where the tape truly ends, SPACE says so too, and the drive's error stands.
 *
 * @module
 */

import { spaceCdb, SpaceCode } from "./commands.ts";
import { isDone } from "./conditions.ts";
import type { Reposition } from "./reposition.ts";
import type { TapeSession } from "./tape_session.ts";

/**
 * What SPACE over one filemark makes of the place: a filemark stood there and has been passed; there is none up to the end of data;
 * records come first; or it cannot be told.
 */
export type StandsHere = "filemark" | "end-of-data" | "records" | "unknown";

/** Finds out what stands where every READ is refused. */
export class EndOfPartition {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;

  constructor(session: TapeSession, reposition: Reposition) {
    this.#session = session;
    this.#reposition = reposition;
  }

  /**
   * Asks directly behind the READ that was refused: some drives answer otherwise after a LOCATE. The tape then stands behind
   * the filemark, else where it was; when that is not certain, the position is lost and the answer unknown.
   */
  async whatStandsHere(): Promise<StandsHere> {
    const before = (await this.#session.drivePosition.ask())?.object;
    const cdb = spaceCdb(SpaceCode.Filemarks, 1);
    const { condition } = await this.#session.device.probe({ cdb });
    const isGood = isDone(condition);
    const after = (await this.#session.drivePosition.ask())?.object;
    this.#session.proof.startRun();
    if (isGood && before !== undefined && after === before + 1) return "filemark";
    const isUnmoved = before !== undefined && after === before;
    if (condition === "end-of-data" && isUnmoved) return "end-of-data";
    if (!await this.#reposition.returnTo(before)) return "unknown";
    if (condition === "end-of-data") return "end-of-data";
    return isGood && before !== undefined && after !== undefined ? "records" : "unknown";
  }
}
