/**
 * SPACE over blocks and filemarks, and what the driver's own count makes of it (SSC-4, SPACE).
 *
 * @module
 */

import type { Sense } from "../scsi/sense.ts";
import { rewindCdb, spaceCdb, SpaceCode } from "./commands.ts";
import { type Condition, isDone } from "./conditions.ts";
import type { Reply } from "./device.ts";
import type { EndOfData } from "./end_of_data.ts";
import { type SpaceStop, SpaceStoppedError, TapeError } from "./errors.ts";
import { isRecord, isSealed, leastRead, MET_BY_READ } from "./least_read.ts";
import type { Reposition } from "./reposition.ts";
import { isRefused, type TapeSession } from "./tape_session.ts";

/** What `space()` counts. */
export type SpaceWhat = "blocks" | "filemarks" | "end-of-data";

/** What `space()` resolves to. */
export interface SpaceResult {
  /** Blocks or filemarks spaced over, negative when backwards; 0 for `end-of-data`. */
  readonly spaced: number;
}

const WHATS: ReadonlySet<unknown> = new Set<SpaceWhat>(["blocks", "filemarks", "end-of-data"]);

/**
 * Checks what a caller wants to space over.
 *
 * @throws {TapeError} of kind `invalid-argument`.
 */
export function checkSpace(what: SpaceWhat, count: number): void {
  if (!WHATS.has(what)) {
    const known = [...WHATS].join(", ");
    throw new TapeError(
      "invalid-argument",
      `Cannot space over "${what}": it has to be one of ${known}`,
    );
  }
  if (Number.isSafeInteger(count)) return;
  throw new TapeError("invalid-argument", `Cannot space ${count}: it is not a whole number`);
}

const STOPS: ReadonlySet<Condition> = new Set<Condition>([
  "beginning-of-partition",
  "early-warning",
  "end-of-data",
  "filemark",
  "setmark",
]);

/** What the READ from the beginning may meet. */
const ANYTHING_READ: ReadonlySet<Condition> = new Set<Condition>([
  ...MET_BY_READ,
  "programmable-early-warning",
]);

/** How many of what is spaced over lie before the tape: exactly, or at most. */
interface Before {
  readonly most: number;
  readonly isCounted: boolean;
}

/** Spaces the tape of one drive. */
export class Spacing {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;
  readonly #endOfData: EndOfData;

  constructor(session: TapeSession, reposition: Reposition, endOfData: EndOfData) {
    this.#session = session;
    this.#reposition = reposition;
    this.#endOfData = endOfData;
  }

  /** Over so many, backwards when negative; the driver's count goes along. */
  async over(what: SpaceWhat, count: number, signal?: AbortSignal): Promise<void> {
    if (what === "blocks" && count > 0 && this.#session.count.object === 0) {
      return await this.#spaceFromBeginning(count, signal);
    }
    if (what === "filemarks" && this.#session.proof.isAtLanding) {
      return await this.#spaceFromLanding(count, signal);
    }
    await this.#sendSpace(what, count, signal);
  }

  async #sendSpace(what: SpaceWhat, count: number, signal?: AbortSignal): Promise<void> {
    const { device, proof } = this.#session;
    const code = what === "blocks" ? SpaceCode.Blocks : SpaceCode.Filemarks;
    const before = count < 0 ? await this.#before(what, signal) : undefined;
    const reply = await device.perform({ cdb: spaceCdb(code, count), signal }, STOPS);
    const stop = stopOf(reply, count);
    // At the end of data there may have been nowhere to go.
    if (stop !== "end-of-data") this.#session.buffer.moved();
    if (stop === undefined && before !== undefined) {
      await this.#checkBeginning(before, count, signal);
    }
    if (what === "blocks" && (stop ?? "filemark") === "filemark") proof.land();
    else proof.startRun();
    const information = reply.sense?.information;
    const left = information === undefined ? undefined : Math.abs(information);
    if (what === "blocks") this.#countBlocks(count, stop, left);
    else this.#countFilemarks(count, stop);
    if (stop === undefined) return;
    if (stop === "end-of-data") await this.#session.arriving(() => this.#endOfData.confirm(signal));
    throw this.#stopped(stop, reply.sense, left);
  }

  /** What lies before here, by the driver's own count, or else by the drive's number; `undefined` where neither is known. */
  async #before(what: SpaceWhat, signal?: AbortSignal): Promise<Before | undefined> {
    const { object, file } = this.#session.count;
    const counted = what === "blocks" ? object : file;
    if (counted !== undefined) return { most: counted, isCounted: true };
    const most = (await this.#session.drivePosition.ask(signal))?.object;
    return most === undefined ? undefined : { most, isCounted: false };
  }

  /** SPACE backwards was good, but has gone to the beginning where there are not as many. */
  async #checkBeginning(
    { most, isCounted }: Before,
    count: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const left = -(most + count);
    if (left > 0) await this.#stopAtBeginning(isCounted ? left : undefined, signal);
    if (isCounted) return;
    const position = await this.#session.arriving(() => this.#session.drivePosition.ask(signal));
    if (position?.isBeforeBeginning) await this.#stopAtBeginning(undefined, signal);
  }

  /** The drive, which must have met the beginning, does not say so, as tgt and istgt; istgt may even stand before it. */
  async #stopAtBeginning(left: number | undefined, signal?: AbortSignal): Promise<never> {
    const rewind = { cdb: rewindCdb(), signal };
    await this.#session.arriving(() => this.#session.device.perform(rewind));
    this.#session.synchronized();
    this.#session.placeAtBeginning();
    throw this.#stopped("beginning-of-partition", undefined, left);
  }

  /** From the very beginning istgt spaces over one block too few, unless one has been read. */
  async #spaceFromBeginning(count: number, signal?: AbortSignal): Promise<void> {
    const { device, count: own, proof } = this.#session;
    const reply = await device.attempt(leastRead(this.#session, signal));
    if (isSealed(reply)) return await this.#spaceUnread(count, signal);
    if (!isDone(reply.condition) && !ANYTHING_READ.has(reply.condition)) throw device.fail(reply);
    proof.startRun();
    if (reply.condition === "filemark") own.passFilemarks(1);
    else if (isRecord(reply.condition)) own.passRecords(1);
    const stop = stopOf(reply, count);
    if (stop !== undefined) throw this.#stopped(stop, reply.sense, count);
    if (count > 1) await this.#orBack(() => this.over("blocks", count - 1, signal), signal);
  }

  /** A drive that tells a block that it cannot decrypt spaces over it, and over as many as it should; the READ may have moved. */
  async #spaceUnread(count: number, signal?: AbortSignal): Promise<void> {
    const rewind = { cdb: rewindCdb(), signal };
    await this.#session.arriving(() => this.#session.device.perform(rewind));
    this.#session.placeAtBeginning();
    await this.#sendSpace("blocks", count, signal);
  }

  /** What the drive refuses after the READ from the beginning leaves the tape there, as if nothing had been sent. */
  async #orBack(motion: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    try {
      await motion();
    } catch (error) {
      if (isRefused(error, signal)) {
        await this.#session.arriving(() => this.#session.device.perform({ cdb: rewindCdb() }));
        this.#session.placeAtBeginning();
      }
      throw error;
    }
  }

  /** Where a filemark may be ahead that the drive takes for passed, one thing is read first: behind it every drive knows its place. */
  async #spaceFromLanding(count: number, signal?: AbortSignal): Promise<void> {
    const landing = await this.#session.landing(signal);
    this.#session.proof.startRun();
    if (landing === undefined) return await this.over("filemarks", count, signal);
    const before = this.#session.count.snapshot();
    try {
      const passed = await this.#passOne(landing, signal);
      if (count !== passed) await this.over("filemarks", count - passed, signal);
    } catch (error) {
      // What the drive refuses leaves the tape where it was.
      if (isRefused(error, signal)) {
        this.#session.count.restore(before);
        await this.#reposition.returnTo(landing);
      }
      throw error;
    }
  }

  /** Reads one thing behind a landing; how many filemarks that was. */
  async #passOne(landing: number, signal?: AbortSignal): Promise<number> {
    const { count } = this.#session;
    const reply = await this.#session.device.probe(leastRead(this.#session, signal));
    const { condition } = reply;
    if (condition === "end-of-data") return 0;
    if (isSealed(reply)) {
      // What stands there is no filemark, so that it does not matter whether the READ has passed it.
      count.loseRecord();
      return 0;
    }
    if (condition !== "filemark") {
      if (isRecord(condition)) count.passRecords(1);
      else await this.#makeSure(landing, condition, signal);
      return 0;
    }
    await this.#reposition.confirmFilemark(landing, signal);
    count.passFilemarks(1);
    return 1;
  }

  /** A READ that failed may have been executed all the same, over a filemark even, and if not, the drive may still misjudge its place. */
  async #makeSure(landing: number, failure: Condition, signal?: AbortSignal): Promise<void> {
    const { count } = this.#session;
    if (failure !== "medium-error") {
      if (await this.#reposition.returnTo(landing)) return;
      throw this.#session.lostError("space");
    }
    const here = (await this.#session.drivePosition.ask(signal))?.object;
    if (here === landing + 1) count.passRecords(1);
    else if (here === landing) await this.#reposition.settleAt(landing);
    else count.loseRecord();
  }

  /** What the driver's own count makes of SPACE over blocks. Some drives do not stop at filemarks, so only records known to lie here count as such. */
  #countBlocks(count: number, stop: SpaceStop | undefined, left: number | undefined): void {
    const own = this.#session.count;
    if (stop === undefined) {
      const isWithinFile = count < 0 && own.record !== undefined && -count <= own.record;
      if (isWithinFile) own.passRecords(count);
      else own.passObjects(count);
    } else if (stop === "beginning-of-partition") {
      own.setBeginning();
    } else if (stop === "filemark" && count > 0 && left !== undefined) {
      own.passRecords(count - left);
      own.passFilemarks(1);
    } else if (stop === "filemark" && count > 0) {
      own.spaceFilemarks(1);
    } else {
      own.forget();
    }
  }

  #countFilemarks(count: number, stop: SpaceStop | undefined): void {
    const own = this.#session.count;
    if (stop === "beginning-of-partition") {
      own.setBeginning();
    } else if (count < 0) {
      own.spaceFilemarksBack();
      this.#session.isDoubtful = true;
    } else if (stop === undefined) {
      own.spaceFilemarks(count);
    } else {
      own.forget();
    }
  }

  #stopped(stop: SpaceStop, sense: Sense | undefined, left: number | undefined): SpaceStoppedError {
    const { device } = this.#session;
    const facts = {
      command: "SPACE",
      sense,
      information: left,
      position: this.#session.countedPosition(),
    };
    const rest = left === undefined ? "" : `, ${left} left`;
    return new SpaceStoppedError(stop, `Cannot space on ${device.name}: met ${stop}${rest}`, facts);
  }
}

/** Why SPACE stopped before its count; end of medium by the flag alone is the beginning when going backwards. */
function stopOf({ condition }: Reply, count: number): SpaceStop | undefined {
  switch (condition) {
    case "beginning-of-partition":
    case "end-of-data":
    case "filemark":
    case "setmark":
      return condition;
    case "early-warning":
      return count < 0 ? "beginning-of-partition" : undefined;
    default:
      return undefined;
  }
}
