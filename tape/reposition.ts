/**
 * The way back from where read-ahead has brought the tape to where the caller is.
 *
 * A wrong write position destroys data, so the way is chosen by what the drive has proven, and each step must end well:
 * 1. back over records alone, where no filemark lies between;
 * 2. LOCATE, where READ POSITION has kept step with the READs, checked again before and after, and by reading what should stand there;
 * 3. from the beginning, over as many filemarks and records as the driver has counted itself, again reading what should stand there;
 * 4. else none, and writes are refused until the caller positions.
 *
 * @module
 */

import { numberOrNone } from "./buffer_loss.ts";
import {
  PositionLostError,
  type TapeError,
  type TapeErrorKind,
  WormViolationError,
  WriteProtectedError,
} from "./errors.ts";
import { isObject, isSealed } from "./least_read.ts";
import { isAstray } from "./position_proof.ts";
import type { ReadAhead, Undelivered } from "./read_ahead.ts";
import { isRefused, type TapeSession } from "./tape_session.ts";
import { Wayfinding } from "./wayfinding.ts";

/** Runs what only reads and moves the tape; anew, from where the caller is, when the connection is lost in it. */
type Resuming = <T>(operation: () => Promise<T>) => Promise<T>;

/** What a new connection makes up for, with the block size and the settings as the caller believes them to be. */
const MADE_UP_FOR: ReadonlySet<TapeErrorKind> = new Set<TapeErrorKind>([
  "mode-parameters-changed",
  "transport-lost",
]);

/** Whether it is the tape that refuses to be written, which a drive may find out only where it was to write. */
function isProtected(error: unknown): boolean {
  return error instanceof WriteProtectedError || error instanceof WormViolationError;
}

/** Brings the tape to where the caller is. */
export class Reposition {
  readonly #session: TapeSession;
  readonly #ahead: ReadAhead;
  readonly #resuming: Resuming;
  readonly #ways: Wayfinding;
  /** Whether LOCATE has been seen to go where it was told; `undefined` until it was tried. */
  #canLocate: boolean | undefined;

  constructor(session: TapeSession, ahead: ReadAhead, resuming: Resuming) {
    this.#session = session;
    this.#ahead = ahead;
    this.#resuming = resuming;
    this.#ways = new Wayfinding(session);
  }

  /** Whether nothing lies between the tape and the caller. */
  get isThere(): boolean {
    return this.#ahead.isIdle && !this.#ahead.isUncertain;
  }

  /**
   * Waits for the READs under way and forgets what they bring: the caller goes elsewhere.
   *
   * @throws {TapeError} that the READs met and that the caller has to hear of first.
   */
  async abandon(): Promise<void> {
    await this.settle();
    this.#ahead.clear();
  }

  /**
   * The same before a lost connection is set up again, which the READs were lost with.
   *
   * @throws {TapeError} that they met before, and that the new session is not told.
   */
  async abandonLost(): Promise<void> {
    await this.#ahead.settle();
    const { mustHear } = this.#ahead.undelivered();
    if (mustHear !== undefined && !MADE_UP_FOR.has(mustHear.kind)) this.#tell(mustHear);
    this.#ahead.clear();
  }

  /**
   * Runs the command that takes the caller elsewhere, once the READs under way are answered. What they have brought is forgotten then; when the drive refuses
   * the command, or it is called off before it is sent, that is still what comes next. A command that `goesFirst` to an address has gone there when the tape
   * refuses to be written.
   *
   * @throws {TapeError} that the READs met and that the caller has to hear of first; what the command fails with; or the signal's reason.
   */
  async leaving<T>(
    motion: () => Promise<T>,
    signal?: AbortSignal,
    goesFirst = false,
  ): Promise<T> {
    await this.settle();
    signal?.throwIfAborted();
    try {
      const result = await this.#session.moving(motion, signal);
      this.#ahead.clear();
      return result;
    } catch (error) {
      const hasGone = goesFirst && isProtected(error);
      if (hasGone) this.#session.lose(error);
      if (hasGone || !isRefused(error, signal)) {
        this.#ahead.clear();
        this.#session.count.forget();
      }
      throw error;
    }
  }

  /**
   * Waits for the READs under way and keeps what they bring: whether the caller goes elsewhere is not certain yet.
   *
   * @throws {TapeError} that the READs met and that the caller has to hear of first.
   */
  async settle(): Promise<void> {
    await this.#settled();
  }

  /**
   * After an answer that nobody heard: whether the tape still stands where the READs have brought it. Where that is not proven, its position is lost.
   *
   * @throws {TapeError} that the READs met and that the caller has to hear of first, or that the drive tells now.
   */
  async confirmPlace(): Promise<void> {
    if (this.#session.isLost) return this.#session.settlePlace(undefined, undefined);
    const { records, filemarks, isUncertain } = await this.#settled();
    const { proof, count, located, partition } = this.#session;
    const before = partition.certain;
    const counted = count.object === undefined ? undefined : count.object + records + filemarks;
    const landing = proof.isAtLanding ? proof.landing ?? located : undefined;
    const expected = isUncertain ? undefined : proof.numberBehind(0) ?? landing ?? counted;
    const here = await numberOrNone(this.#session);
    const isElsewhere = before !== undefined && partition.number !== before;
    this.#session.settlePlace(isElsewhere ? undefined : expected, here);
    // Every motion within a partition would go wrong now.
    if (isElsewhere) this.#session.tellLoss("continue");
  }

  /**
   * Brings the tape to where the caller is, and forgets what was read beyond.
   *
   * @throws {PositionLostError} when no certain way back is left.
   * @throws {TapeError} that the READs met and that the caller has to hear of first.
   */
  async back(): Promise<void> {
    await this.#resuming(() => this.#goBack());
  }

  async #goBack(): Promise<void> {
    const way = await this.#settled();
    this.#ahead.clear();
    if (way.records + way.filemarks === 0 && !way.isUncertain) return;
    this.#session.device.logger.debug(
      "Going back over {records} records and {filemarks} filemarks on {name}",
      { records: way.records, filemarks: way.filemarks, name: this.#session.device.name },
    );
    if (!await this.#go(way)) throw this.#noWay();
  }

  /**
   * Whether LOCATE works here, tried on the place where the tape stands: that moves nothing in the end. Only with proven numbers.
   *
   * @throws {PositionLostError} when the drive has gone elsewhere over that, and does not come back.
   */
  async tryLocate(): Promise<boolean> {
    if (this.#canLocate !== undefined) return this.#canLocate;
    const number = this.#session.proof.numberBehind(0);
    if (number === undefined || number <= 1 || !this.#ahead.isIdle) return false;
    // Going there takes a READ of the object before, which the key need not be for.
    if (this.#session.isKeyUntried) return false;
    try {
      this.#canLocate = await this.#ways.locate(number);
    } catch (error) {
      await this.#stayAt(number).catch(() => this.#session.lose(error));
      throw error;
    }
    if (!this.#canLocate) await this.#stayAt(number);
    return this.#canLocate;
  }

  /** A LOCATE that did not end well may have left the tape short of the place. */
  async #stayAt(number: number): Promise<void> {
    const isThere = async () => await this.#ways.number() === number;
    if (await isThere() || await this.#ways.locate(number)) return;
    throw this.#noWay();
  }

  /**
   * Moves the tape and brings it back to where it stands: after a READ that met the end of the partition some drives refuse
   * every other until then. False when no certain way back is known.
   */
  async stepAside(): Promise<boolean> {
    await this.#settled();
    this.#ahead.clear();
    const here = await this.#ways.number();
    if (await this.#backAndForth(here)) return true;
    return await this.returnTo(here);
  }

  /** One block back and over it again, where that leads to the same place by the drive's own word. */
  async #backAndForth(here: number | undefined): Promise<boolean> {
    if (here === undefined || !await this.#ways.spaceBlocks(-1)) return false;
    this.#session.proof.startRun();
    return await this.#ways.passOne() && await this.#ways.number() === here;
  }

  /**
   * Brings the tape into this partition: a drive that was reset stands in the first one. False, and the position lost, when that is not possible.
   */
  async toPartition(partition: number): Promise<boolean> {
    const isThere = await this.#orLose(async () => {
      this.#session.partition.doubt();
      await this.#session.drivePosition.ask();
      await this.#session.partition.learn();
      return this.#session.partition.certain === partition ||
        await this.#ways.toPartition(partition);
    });
    if (!isThere) this.#noWay();
    return isThere;
  }

  /**
   * Brings the tape to the object that the drive itself called this number a moment ago, or else from the beginning to where
   * the caller is. False, and the position lost, when neither is possible.
   */
  async returnTo(number: number | undefined): Promise<boolean> {
    this.#session.proof.startRun();
    if (await this.#orLose(() => this.#comeTo(number))) return true;
    this.#noWay();
    return false;
  }

  async #comeTo(number: number | undefined): Promise<boolean> {
    // No way is surer to the beginning than REWIND.
    const isLocatable = number !== undefined && number > 0 && this.#session.count.object !== 0;
    if (!isLocatable || !await this.#ways.locate(number)) return await this.#ways.fromBeginning();
    this.#ways.arrive(number);
    return true;
  }

  /**
   * A READ behind a landing has met a filemark: makes sure that the tape stands behind that one, and not elsewhere.
   *
   * @returns whether the tape had to be brought there, so that whatever was read since is forgotten
   * @throws {PositionLostError} when the tape does not come to stand behind the filemark.
   */
  async confirmFilemark(landing: number, signal?: AbortSignal): Promise<boolean> {
    const here = await this.#ways.number(signal);
    if (!isAstray(landing, here)) return false;
    this.#ahead.clear();
    await this.#passFilemark(landing);
    return true;
  }

  /**
   * Before something is written at a landing: comes there once more by a READ, for what istgt writes over a filemark that a motion has led to cannot be read
   * any more, or is followed by filemarks that nobody wrote. Where no such way leads there, the drive has to say that it stands there.
   *
   * @throws {PositionLostError} when the tape does not come to stand there.
   */
  async settleLanding(): Promise<void> {
    const landing = await this.#session.landing();
    if (landing !== undefined) await this.settleAt(landing);
  }

  /** The same, where the tape stands before the object that the drive calls this number. */
  async settleAt(landing: number): Promise<void> {
    if (landing <= 1) return;
    await this.#orLose(async () => {
      if (await this.#ways.locate(landing)) return this.#ways.arrive(landing);
      const stands = await this.#ways.number() === landing;
      if (!stands && !await this.#ways.locateExactly(landing)) throw this.#noWay();
    });
  }

  /** Goes over the filemark ahead of the object that the drive calls this number. */
  async #passFilemark(number: number): Promise<void> {
    const { device, proof } = this.#session;
    device.logger.debug("Going back before a filemark on {name}", { name: device.name });
    const isBehind = await this.#orLose(async () =>
      await this.#ways.locate(number) && await this.#readFilemark(number) ||
      await this.#ways.fromBeginning() && await this.#readFilemark(number) ||
      number === 1 && await this.#ways.rewind() && await this.#readFilemark(number)
    );
    if (!isBehind) throw this.#noWay();
    proof.startRun();
  }

  async #readFilemark(number: number): Promise<boolean> {
    const { condition } = await this.#ways.readOne();
    return condition === "filemark" && await this.#ways.number() === number + 1;
  }

  /**
   * The READ that comes next was refused for its key: brings the tape to before the block that it met, for another key may read that. Drives leave the tape
   * there or pass the block, and so does every READ behind. What only one READ has met is left as it is where neither the drive has said where that was nor
   * the object before is certain to be read with this key.
   *
   * @throws {TapeError} that the READs met and that the caller has to hear of first.
   */
  async keepBefore(error: TapeError): Promise<void> {
    const way = await this.#settled();
    const { proof, count } = this.#session;
    const isBehindReadable = this.#isBehindReadable;
    this.#session.doubtKey();
    const place = proof.numberBefore(way.records + way.filemarks);
    const isUntold = place === undefined && this.#ahead.isLastArrival && count.object !== 0;
    if (isUntold && !(isBehindReadable && way.isUncertain)) return;
    const isThere = isUntold
      ? await this.#stepBefore()
      : place === undefined
      ? await this.#go(way)
      : await this.#standAt(place);
    this.#ahead.clear();
    if (!isThere) {
      this.#noWay();
      this.#session.deferLoss();
    }
    this.#ahead.found({ kind: "failure", error, passed: 0 });
  }

  /** Whether the object before is a filemark, or was read in this run with the key that is set. */
  get #isBehindReadable(): boolean {
    const { isKeyUntried, proof, count } = this.#session;
    return count.record === 0 || (!isKeyUntried && !proof.isAtStart);
  }

  /**
   * Back over one object and on by a READ. That brings the object before, and the tape has stayed before the block; or it is refused once more, by a drive that
   * passes the block, and then the object before comes from one further back. A drive that refuses whatever it is to read is nowhere for certain. Whether the
   * drive says where it stands, and where, has to fit.
   */
  async #stepBefore(): Promise<boolean> {
    return await this.#orLose(async () => {
      let expected = await numberOrNone(this.#session);
      if (!await this.#ways.backOverOne()) return false;
      let reply = await this.#ways.readOne();
      if (isSealed(reply)) {
        if (expected !== undefined) expected--;
        if (!await this.#ways.spaceBlocks(-1) || !await this.#ways.backOverOne()) return false;
        reply = await this.#ways.readOne();
      }
      this.#session.proof.startRun();
      return isObject(reply.condition) && await numberOrNone(this.#session) === expected;
    });
  }

  /** The object before cannot be read with this key, perhaps, so that the drive's word has to do. */
  async #standAt(place: number): Promise<boolean> {
    const stands = await numberOrNone(this.#session) === place;
    if (!stands && !await this.#orLose(() => this.#ways.locateExactly(place))) return false;
    this.#session.proof.land(place);
    return true;
  }

  async #settled(): Promise<Undelivered> {
    await this.#ahead.settle();
    const undelivered = this.#ahead.undelivered();
    if (undelivered.mustHear !== undefined) this.#tell(undelivered.mustHear);
    return undelivered;
  }

  #tell(mustHear: TapeError): never {
    this.#ahead.clear();
    this.#session.noteFailure(mustHear);
    this.#session.mode.suspect();
    this.#session.lose(mustHear);
    throw mustHear;
  }

  async #go(way: Undelivered): Promise<boolean> {
    const { proof } = this.#session;
    return await this.#orLose(async () => {
      const isPlain = way.filemarks === 0 && !way.isUncertain;
      if (isPlain && await this.#ways.spaceBlocks(-way.records)) {
        proof.startRun();
        return true;
      }
      const hasMarks = way.filemarks > 0 && !way.isUncertain;
      if (hasMarks && proof.wantsMarks) proof.sample(await this.#ways.number());
      if (await this.#locateBack(way, isPlain)) return true;
      proof.startRun();
      return await this.#backFromBeginning(way);
    });
  }

  /** Whatever goes wrong on the way leaves the tape where nobody knows. */
  async #orLose<T>(way: () => Promise<T>): Promise<T> {
    try {
      return await way();
    } catch (error) {
      this.#session.lose(error);
      throw error;
    }
  }

  #noWay(): PositionLostError {
    const { device } = this.#session;
    const error = new PositionLostError(
      `Cannot go back to where reading stopped on ${device.name}: neither the drive's numbers nor the way from the beginning lead there for certain`,
      { position: this.#session.countedPosition() },
    );
    this.#session.lose(error);
    return error;
  }

  async #locateBack(way: Undelivered, hasMoved: boolean): Promise<boolean> {
    const { proof } = this.#session;
    const behind = way.records + way.filemarks;
    const target = proof.numberBehind(behind);
    const here = proof.numberBehind(0);
    if (target === undefined || target < 0 || this.#canLocate === false) return false;
    if (this.#session.count.object === 0) return false;
    const isSettled = !hasMoved && !way.isUncertain;
    if (isSettled && await this.#ways.number() !== here) return false;
    if (!await this.#ways.locate(target)) return false;
    if (!await this.#standsBefore(way, () => this.#ways.locate(target))) return false;
    this.#ways.arrive(target);
    return true;
  }

  async #backFromBeginning(way: Undelivered): Promise<boolean> {
    const isChecked = way.first !== undefined;
    if (!await this.#ways.fromBeginning(isChecked)) return false;
    return await this.#standsBefore(way, () => this.#ways.fromBeginning(isChecked));
  }

  /** Reads the first thing that the caller has not seen, compares, and goes back before it: over a filemark the way that it came. */
  async #standsBefore(
    { first }: Undelivered,
    comeAgain: () => Promise<boolean>,
  ): Promise<boolean> {
    if (first?.kind === "records") {
      return await this.#ways.isNext(first) && await this.#ways.spaceBlocks(-1);
    }
    if (first?.kind !== "filemark") return true;
    const { condition } = await this.#ways.readOne();
    return condition === "filemark" && await comeAgain();
  }
}
