/**
 * Writes under way, in the order of the tape, and what happens when one of them fails.
 *
 * Several go out without waiting only where the way back is proven: READ POSITION must have kept step with the writes before. There is no ACA, so when one
 * is not executed those behind it are; the tape is then brought back before the first that is missing, and all from there on are written again, one at a
 * time. Where that is not possible, or would fail alike, the caller is told which records are not on tape, and gets their bytes.
 *
 * @module
 */

import { abortable, isCalledOff } from "./abort.ts";
import { breaksPosition, type Condition, leavesTapeUnmoved, losesBuffer } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { TapeError, TransportLostError } from "./errors.ts";
import type { TapeSession } from "./tape_session.ts";
import type { WriteRecovery } from "./write_recovery.ts";
import {
  isElsewhere,
  isUntold,
  isWritten,
  movedBy,
  noRoom,
  objectsLeft,
  REPEATABLE,
  UNTOLD_BLOCKS,
  withWrites,
  WRITTEN,
} from "./write_reply.ts";
import { type PendingWrite, WriteWindow } from "./write_window.ts";
import type { WriteResult } from "./write_result.ts";

/** Over one record the connection may be lost so often, and the drive may refuse it for another reason. */
const MAX_OUTAGES = 3;
const MAX_ABORTED = 3;

const NOWHERE = -1;

/** Takes records and sees them written. */
export class WriteBehind {
  readonly #session: TapeSession;
  readonly #recovery: WriteRecovery;
  readonly #depth: number;
  readonly #window: WriteWindow;
  /** Where the last write that is known to be written ended ({@link PositionProof.place}), and in which blocks. */
  #lastAt = NOWHERE;
  #lastBlockBytes = 0;
  /** Where the last filemarks ended. */
  #markedAt = NOWHERE;
  /** Connections lost since a record was last known to be written. */
  #outages = 0;
  #era = 0;
  #failure: unknown;
  /** The error with which the drive has refused a write, and stands before it. */
  #refusedWith: unknown;
  /** The error with which the drive has left a part of a record on tape. */
  #tornBy: unknown;

  constructor(session: TapeSession, recovery: WriteRecovery, depth: number) {
    this.#session = session;
    this.#recovery = recovery;
    this.#depth = depth;
    this.#window = new WriteWindow(session.device);
  }

  /** Whether anything is not known to be written. */
  get isBusy(): boolean {
    return this.#window.length > 0;
  }

  /** Goes up when writes fail that had been taken: what was called before that was known must not follow them. */
  get era(): number {
    return this.#era;
  }

  /** The failure that the present era began with. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whether `write()` may resolve before the record is written. */
  get isBehind(): boolean {
    return this.#depth > 0;
  }

  /** Whether the next write may go out before the last one is answered. */
  get #mayRunAhead(): boolean {
    const { proof, isNearEnd, isOverwritable } = this.#session;
    return this.isBehind && proof.isProven && !isNearEnd && isOverwritable === true;
  }

  /** Sends a record as soon as there is room for it, and waits for its answer where it must not go alone. */
  async write(data: Uint8Array, signal?: AbortSignal): Promise<WriteResult> {
    const { blockBytes, ledger } = this.#session;
    const objects = blockBytes > 0 ? data.length / blockBytes : 1;
    const number = ledger.take();
    if (this.isBusy) await this.#makeRoom(number, data, signal);
    const write = this.#window.add(number, data, objects, this.isBehind);
    this.#session.buffer.fill();
    this.#window.send(write, blockBytes, this.isBehind ? undefined : signal);
    if (!this.#mayRunAhead) {
      const patience = this.isBehind ? undefined : signal;
      await this.#advance(patience);
      if (this.isBusy || this.#wantsSample) await this.settle(patience);
    }
    return this.result(number);
  }

  /** Waits until everything is written, and holds no more memory than for the last record. */
  async finish(signal?: AbortSignal): Promise<void> {
    await this.settle(signal);
    this.#window.release();
  }

  /** Waits until everything is written. */
  async settle(signal?: AbortSignal): Promise<void> {
    while (this.isBusy) await this.#advance(signal);
    if (this.#wantsSample && !this.#mayRunAhead) await this.#sample();
  }

  /** Its place is taken only when the ones before are out of the way, so that a wait that is called off takes nothing. */
  async #makeRoom(number: number, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    try {
      while (this.isBusy && !this.#hasRoom) await this.#advance(signal);
    } catch (error) {
      throw this.#withUnwritten(error, number, data);
    }
  }

  get #hasRoom(): boolean {
    const { all, length } = this.#window;
    return length < this.#depth && this.#mayRunAhead && all[length - 1].isSent;
  }

  /** The result of a write, with the warnings that came since the last result. */
  result(number: number): WriteResult {
    const session = this.#session;
    const result = {
      number,
      earlyWarning: session.hasEarlyWarning,
      programmableEarlyWarning: session.hasProgrammableEarlyWarning,
    };
    session.hasEarlyWarning = session.hasProgrammableEarlyWarning = false;
    return result;
  }

  /** Sees to the oldest write: that it is written, or may be sent again. */
  async #advance(signal?: AbortSignal): Promise<void> {
    const { head } = this.#window;
    if (!head.isSent) this.#window.send(head, this.#session.blockBytes);
    await (this.isBehind ? abortable(head.done, signal) : head.done);
    const { reply } = head;
    const left = reply === undefined
      ? head.objects
      : objectsLeft(reply, head, this.#session.blockBytes);
    if (left === 0) return this.#confirm(head, reply!);
    try {
      await this.#overcome(head, left, signal);
    } catch (error) {
      // Nothing is given up by who only will not wait: what comes next goes on with it.
      if (this.isBehind && isCalledOff(error, signal)) throw error;
      throw await this.#fail(error);
    }
  }

  #confirm({ objects, number }: PendingWrite, { condition }: Reply): void {
    this.#pass(objects);
    this.#window.shift();
    this.#session.ledger.confirm(number);
    this.#outages = 0;
    this.#noteLast();
    if (condition !== "good") this.heed(condition);
  }

  /** Takes in what a write or filemark was answered near the end of the tape. */
  heed(condition: Condition): void {
    const session = this.#session;
    if (condition === "programmable-early-warning") session.hasProgrammableEarlyWarning = true;
    if (condition === "early-warning") session.hasEarlyWarning = session.isNearEnd = true;
  }

  /** The last in the window that was written is the last on tape. */
  #noteLast(): void {
    this.#lastAt = this.#session.proof.place;
    this.#lastBlockBytes = this.#session.blockBytes;
  }

  /** Filemarks are the last on tape. */
  async marked(): Promise<void> {
    this.#markedAt = this.#session.proof.place;
    if (this.#wantsSample) await this.#sample();
  }

  /** So many objects went to tape. */
  #pass(objects: number): void {
    if (objects > 0) this.#session.wrote(objects);
  }

  /** Brings things to where the oldest write, or what is left of it, can be sent again; throws where that is not possible. */
  async #overcome(head: PendingWrite, left: number, signal?: AbortSignal): Promise<void> {
    await this.#window.settle();
    const loss = this.#lossTold();
    if (head.reply === undefined && loss === undefined) {
      return await this.#findOut(head.error, signal);
    }
    if (head.reply === undefined || loss !== undefined) throw await this.#refusal(head);
    const { condition } = head.reply;
    if (WRITTEN.has(condition) && left < head.objects) return await this.#writeRest(head, left);
    if (WRITTEN.has(condition) && (this.#session.blockBytes === 0 || isUntold(head.reply))) {
      return await this.#checkDenied(head, head.reply, signal);
    }
    const mayRepeat = REPEATABLE.has(condition)
      ? await this.#session.device.mayRepeat(head.reply, ++head.tries)
      : condition === "aborted-command" && this.#recovery.isPossible && ++head.tries < MAX_ABORTED;
    if (!mayRepeat) throw await this.#refusal(head);
    // The drive may have forgotten what the next write needs.
    if (this.#session.mode.isStale) await this.#session.freshen();
    // What an aborted command has left on the tape is not known, so the drive is asked where it stands.
    await this.#comeBack(condition === "aborted-command" ? head.objects : 0);
  }

  /** What one of the writes was told of a lost place, or else of a lost buffer, which says more about the tape than what became of the oldest. */
  #lossTold(): Reply | undefined {
    const replies = this.#window.all.flatMap((write) => write.reply ?? []);
    return replies.find(({ condition }) => breaksPosition(condition)) ??
      replies.find(({ condition }) => losesBuffer(condition));
  }

  /**
   * The drive says that nothing of a record was written, near the end of the tape; or not how many of several blocks; or calls it good and took less: the tape
   * shows what is so.
   */
  async #checkDenied(head: PendingWrite, reply: Reply, signal?: AbortSignal): Promise<void> {
    if (!this.#recovery.isPossible && isUntold(reply)) throw this.#unsure(UNTOLD_BLOCKS);
    if (!this.#recovery.isPossible || ++head.tries >= MAX_ABORTED) throw await this.#refusal(head);
    this.heed(reply.condition);
    // With others behind it there may be a gap, and writing all of them again one at a time is always right.
    if (this.#objectsBehind() > 0) return await this.#comeBack(head.objects);
    const denial = this.#session.device.failure(reply);
    const { objects } = head;
    await this.#persist(() => this.#findWritten(denial, signal));
    if (head.objects < objects) head.tries = 0;
  }

  async #writeRest(head: PendingWrite, left: number): Promise<void> {
    const { blockBytes } = this.#session;
    this.heed(head.reply!.condition);
    this.#pass(head.objects - left);
    head.data = head.data.subarray(head.data.length - left * blockBytes);
    head.objects = left;
    await this.#comeBack(0);
  }

  /** Back before the oldest write, should others have been written behind it, or as many objects more as `uncertain`; all are sent again. */
  async #comeBack(uncertain: number): Promise<void> {
    const objects = this.#objectsBehind() + uncertain;
    if (objects > 0) await this.#persist(() => this.#recovery.goBack(objects));
    this.#window.recall();
  }

  /** Over lost connections, as long as these leave hope. */
  async #persist(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const isSilent = error instanceof TransportLostError && this.#recovery.isPossible;
        if (!isSilent || this.#outages++ >= MAX_OUTAGES) throw error;
      }
    }
  }

  /** Most objects that the writes behind the oldest can have brought to tape. */
  #objectsBehind(): number {
    return this.#window.all.slice(1).reduce((sum, write) => sum + movedBy(write), 0);
  }

  /** The oldest has no answer: what became of all of them is what the tape shows. */
  async #findOut(cause: unknown, signal?: AbortSignal): Promise<void> {
    const isSilent = cause instanceof TransportLostError && this.#recovery.isPossible;
    if (!isSilent || this.#outages++ >= MAX_OUTAGES) throw cause;
    await this.#persist(() => this.#findWritten(cause, signal));
  }

  async #findWritten(cause: unknown, signal?: AbortSignal): Promise<void> {
    const sent = this.#window.all.filter(({ isSent }) => isSent);
    const most = sent.reduce((sum, { objects }) => sum + objects, 0);
    const written = await this.#recovery.objectsWritten(most, cause, signal);
    const last = sent.length > 1 ? this.#lastBefore() : undefined;
    const records = [...(last === undefined ? [] : [last.data]), ...this.#firstObjects(written)];
    const before = last?.objects ?? 0;
    const behind = most - sent[0].objects;
    const isBehindMark = this.#markedAt === this.#session.proof.place;
    await this.#recovery.verify(records, { objects: written, before, behind, isBehindMark, cause });
    this.#dropWritten(written);
    this.#window.recall();
  }

  /** The write before the oldest, when it stands directly before it and its bytes are still there. */
  #lastBefore(): PendingWrite | undefined {
    const { last } = this.#window;
    const { proof, blockBytes } = this.#session;
    const isThere = this.#lastAt === proof.place && this.#lastBlockBytes === blockBytes;
    return isThere && last?.copy !== undefined ? last : undefined;
  }

  /** The bytes of so many objects from the oldest write on. */
  #firstObjects(objects: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (const { data, objects: here } of this.#window.all) {
      if (objects <= 0) break;
      const part = Math.min(objects, here);
      found.push(data.subarray(0, data.length / here * part));
      objects -= part;
    }
    return found;
  }

  /** So many objects from the oldest write on were written after all. */
  #dropWritten(objects: number): void {
    this.#pass(objects);
    if (objects > 0) this.#outages = 0;
    while (objects > 0 && objects >= this.#window.head.objects) {
      objects -= this.#window.head.objects;
      this.#session.ledger.confirm(this.#window.head.number);
      this.#window.shift();
      if (objects === 0) this.#noteLast();
      else this.#lastAt = NOWHERE;
    }
    if (objects === 0) return;
    const { head } = this.#window;
    head.data = head.data.subarray(head.data.length / head.objects * objects);
    head.objects -= objects;
  }

  /** The error of a write that the drive does not take. The tape is left before it, where that is certain. */
  async #refusal(head: PendingWrite): Promise<TapeError> {
    const { device } = this.#session;
    const reply = this.#lossTold() ?? head.reply!;
    if (reply.condition === "mode-parameters-changed") await this.#session.mode.refresh();
    if (reply.condition === "good") return this.#notTaken(reply);
    if (WRITTEN.has(reply.condition)) return this.#noProgress(reply);
    const error = device.fail(reply);
    const isUnmoved = leavesTapeUnmoved(reply.condition);
    if (reply.condition === "volume-overflow") this.#countOverflow(head, error);
    else if (!isUnmoved) this.#session.lose(error);
    if (!this.#session.isLost) this.#refusedWith = error;
    return error;
  }

  /** The tape is full: what of the write went to tape before is counted. */
  #countOverflow(head: PendingWrite, error: TapeError): void {
    const { blockBytes, count } = this.#session;
    const asked = blockBytes > 0 ? head.objects : head.data.length;
    const left = error.information;
    // More left than asked for: the drive could not write what it had buffered before either.
    if (left === undefined || left < 0 || left > asked) return this.#session.lose(error);
    if (left === asked) return;
    if (blockBytes === 0) {
      // A record that went to tape in part is none that could be counted, nor the place for another.
      this.#tornBy = error;
      count.forget();
      return this.#session.proof.startRun();
    }
    this.#pass(asked - left);
    head.data = head.data.subarray((asked - left) * blockBytes);
    head.objects = left;
  }

  #notTaken({ residual }: Reply): TapeError {
    return this.#unsure(`the drive calls it good, but took ${residual} bytes less`);
  }

  #unsure(why: string): TapeError {
    const message = `Cannot be sure of a write: ${why}`;
    const error = this.#session.device.problem("length-disagreement", message);
    this.#session.lose(error);
    return error;
  }

  #noProgress({ sense }: Reply): TapeError {
    const { device } = this.#session;
    const error = noRoom(device.name, { sense, position: this.#session.countedPosition() });
    this.#refusedWith = error;
    return error;
  }

  /** Gives up all that is under way, and says in the error what became of it. */
  async #fail(error: unknown): Promise<unknown> {
    const { head, all } = this.#window;
    const behind = all.slice(1);
    const isGap = head.reply !== undefined;
    const misplaced = behind.flatMap(({ reply, number }) =>
      isGap && isWritten(reply) ? [number] : []
    );
    const strayed = isElsewhere(error) ? this.#objectsBehind() : 0;
    const isRefusal = error === this.#refusedWith;
    if (!isRefusal) this.#session.lose(error);
    else if (behind.some((write) => movedBy(write) > 0)) await this.#comeBackOrLose();
    const { ledger } = this.#session;
    if (strayed > 0 && !await this.#recovery.stillHoldsDurable(strayed)) ledger.distrust();
    const unwritten = this.#window.clear().map(({ number, data }) => ({ number, data }));
    const { isLost } = this.#session;
    const mayBeLost = isLost && !isRefusal;
    if (mayBeLost) ledger.giveUpBuffer();
    const isInPlace = !isLost && error !== this.#tornBy;
    const outcome = ledger.outcome(mayBeLost, { isInPlace, unwritten, misplaced });
    this.stop(error);
    return withWrites(error, outcome);
  }

  /** What was called before this failure was known goes to no tape. */
  stop(error: unknown): void {
    this.#failure = error;
    if (this.isBehind) this.#era++;
  }

  async #comeBackOrLose(): Promise<void> {
    try {
      await this.#comeBack(0);
    } catch (error) {
      this.#session.lose(error);
    }
  }

  /** The record that waited for its turn when another failed is not written either. */
  #withUnwritten(error: unknown, number: number, data: Uint8Array): unknown {
    const known = error instanceof TapeError ? error.writes : undefined;
    if (known === undefined) return error;
    return withWrites(error, { ...known, unwritten: [...known.unwritten, { number, data }] });
  }

  /** Whether another answer is needed to prove that the drive knows where it is, and the proof is of use. */
  get #wantsSample(): boolean {
    const { proof, isOverwritable } = this.#session;
    if (this.isBehind && proof.isProven && isOverwritable === undefined) return true;
    return proof.samplesWanted > 0 && (this.isBehind || this.#recovery.isWanted);
  }

  /** Lets the drive say where it is. */
  async #sample(): Promise<void> {
    const { proof } = this.#session;
    try {
      if (proof.samplesWanted > 0) proof.sample((await this.#session.drivePosition.ask())?.object);
      if (this.isBehind && proof.isProven) await this.#session.learnOverwriting();
    } catch (error) {
      // The record is written; that the connection is lost will be seen to when something else is asked for.
      if (error instanceof TransportLostError) return;
      this.stop(error);
      throw error;
    }
  }
}
