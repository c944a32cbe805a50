/**
 * The turns that a drive's operations take, and what has to be certain before each begins: writes under way are done, the connection stands, and the drive has
 * nothing left to tell.
 *
 * @module
 */

import { isCalledOff } from "./abort.ts";
import { wrongSignal } from "./caller_values.ts";
import { confirmBuffer } from "./buffer_loss.ts";
import { isToldOnce } from "./conditions.ts";
import { PositionLostError, TapeError, type TapeErrorKind } from "./errors.ts";
import { OperationQueue } from "./operation_queue.ts";
import type { Outage } from "./outage.ts";
import { isUnloaded } from "./readiness.ts";
import type { RecordReader, RecordTaker } from "./record_reader.ts";
import type { TapeSession } from "./tape_session.ts";
import type { Writer } from "./writer.ts";

/** What {@link DriveTurns} work with. */
export interface DriveTurnsParts {
  readonly session: TapeSession;
  readonly outage: Outage;
  readonly reader: RecordReader;
  readonly writer: Writer;
}

/** What stood when a turn began, by which it shows what its failure has lost. */
interface Losses {
  readonly wasDirty: boolean;
  readonly wasLost: boolean;
  readonly era: number;
  readonly untold: TapeError | undefined;
}

/** One turn at a time, in the order of the calls. */
export class DriveTurns {
  readonly #session: TapeSession;
  readonly #outage: Outage;
  readonly #reader: RecordReader;
  readonly #writer: Writer;
  readonly #queue = new OperationQueue();
  /** What the drive has told once, when nobody waited for it any more. */
  #untold: TapeError | undefined;
  #isOver = false;

  constructor({ session, outage, reader, writer }: DriveTurnsParts) {
    this.#session = session;
    this.#outage = outage;
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Takes its turn, on a connection that stands. */
  run<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#take(async () => {
      if (!this.#isSettled) await this.#settle(signal);
      await this.#hearReads(signal);
      if (!this.#isReady) await this.#makeReady(signal);
      return await operation();
    }, signal);
  }

  /** The same, also when the drive has no tape ready, which the operation tells or sees to. */
  runWithoutTape<T>(
    operation: () => Promise<T>,
    signal?: AbortSignal,
    noNews?: TapeErrorKind,
  ): Promise<T> {
    return this.#take(async () => {
      if (!this.#isSettled) await this.#settle(signal);
      await this.#hearReads(signal);
      if (!this.#isReady) await this.#makeReadyWithoutTape(signal, noNews);
      return await operation();
    }, signal);
  }

  /** Takes its turn; on a connection that is lost, as things are. */
  runAsIs<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#take(async () => {
      if (!this.#isSettled) await this.#settle(signal);
      if (this.#hasToAsk) await this.#hearReads(signal);
      if (!this.#outage.isHere) await this.#askAside();
      return await operation();
    }, signal);
  }

  /** Takes its turn; writes under way are what it goes on with. */
  runWrite<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#take(
      () =>
        this.#writer.isBusy || (this.#isSettled && this.#isReady && this.#areReadsHeard)
          ? operation()
          : this.#readyToWrite(signal).then(operation),
      signal,
    );
  }

  /** Takes its turn, and is run anew from where the caller is when the connection is lost in it. */
  runRead<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#take(() => this.#reading(operation, signal), signal);
  }

  /** The same; what befalls a taker that does not wait any more is told by the next operation. */
  runReadFor<T>(
    taker: RecordTaker,
    operation: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#take(async () => {
      const losses = this.#losses();
      try {
        return await this.#reading(operation, signal);
      } catch (error) {
        if (taker.isWaiting) taker.fail(error);
        else if (!isCalledOff(error, signal)) this.#keepUntold(error, losses);
        throw error;
      }
    }, signal);
  }

  /** Takes its turn behind all others, as things are; what is called after it is refused. */
  runLast(operation: () => Promise<void>): Promise<void> {
    this.#isOver = true;
    return this.#queue.run(operation);
  }

  /** What is refused with from then on. */
  closedError(): TapeError {
    const { name } = this.#session.device;
    return new TapeError("closed", `Cannot use the drive ${name}: it has been closed`);
  }

  /** @throws {TapeError} that the drive has told once, when nobody waited for it any more. */
  tellUntold(): void {
    const error = this.#untold;
    this.#untold = undefined;
    if (error !== undefined) throw error;
  }

  #losses(): Losses {
    return {
      wasDirty: this.#session.buffer.isDirty,
      wasLost: this.#session.isLost,
      era: this.#writer.era,
      untold: this.#untold,
    };
  }

  /** A lost place concerns only who goes on from there; that the tape may be another, or that what was written is not on it, everybody. */
  #keepUntold(error: unknown, { wasDirty, wasLost, era, untold }: Losses): void {
    if (!wasLost || error instanceof PositionLostError) this.#session.deferLoss();
    if (!(error instanceof TapeError)) return;
    const isBufferLost = wasDirty && !this.#session.buffer.isDirty;
    const haveWritesFailed = this.#writer.era !== era;
    const isStillUntold = error === untold;
    if (isBufferLost || haveWritesFailed || isStillUntold || isToldOnce(error.kind)) {
      this.#untold ??= error;
    }
  }

  #take<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#isOver) return Promise.reject(this.closedError());
    const wrong = wrongSignal(signal);
    if (wrong !== undefined) return Promise.reject(wrong);
    return this.#queue.run(operation, signal);
  }

  /** Whether nothing of what was done before is left to wait for, or to tell. */
  get #isSettled(): boolean {
    return !this.#writer.isBusy && this.#untold === undefined;
  }

  async #settle(signal?: AbortSignal): Promise<void> {
    if (this.#writer.isBusy) await this.#writer.settle(signal);
    this.tellUntold();
  }

  get #areReadsHeard(): boolean {
    return !this.#reader.ahead.isUnderWay;
  }

  /** Whoever does not read waits for the READs under way: a connection that is lost in them is not lost in what he does. */
  async #hearReads(signal?: AbortSignal): Promise<void> {
    if (!this.#areReadsHeard) await this.#reader.ahead.settle(signal);
  }

  get #isReady(): boolean {
    return !this.#outage.isHere && !this.#hasToAsk;
  }

  /** Whether the drive has to be asked something before anything else. */
  get #hasToAsk(): boolean {
    const { isStale, isPlaceDoubted, buffer } = this.#session;
    return isStale || isPlaceDoubted || buffer.isDoubted;
  }

  async #ask(noNews?: TapeErrorKind): Promise<void> {
    if (this.#session.buffer.isDoubted) await confirmBuffer(this.#session);
    await this.#askAside(noNews);
  }

  /** What does not concern the drive's buffer. */
  async #askAside(noNews?: TapeErrorKind): Promise<void> {
    if (this.#session.isPlaceDoubted) await this.#reader.reposition.confirmPlace();
    if (this.#session.isStale) await this.#session.freshen(noNews);
  }

  async #makeReady(signal?: AbortSignal, noNews?: TapeErrorKind): Promise<void> {
    if (this.#outage.isHere) await this.#reader.resumption.reconnect(signal);
    await this.#ask(noNews);
  }

  /** A drive that has no tape behind an outage may have unloaded it, but does not say what became of its buffer. */
  async #makeReadyWithoutTape(signal?: AbortSignal, noNews?: TapeErrorKind): Promise<void> {
    try {
      await this.#makeReady(signal, noNews);
    } catch (error) {
      // What a READ was told before is told at once, on a connection that is still lost.
      if (!isUnloaded(error) || this.#outage.isHere) throw error;
      this.#session.doubtBuffer();
      await this.#ask(noNews);
    }
  }

  async #readyToWrite(signal?: AbortSignal): Promise<void> {
    try {
      this.tellUntold();
      await this.#hearReads(signal);
      if (!this.#isReady) await this.#makeReady(signal);
    } catch (error) {
      if (!isCalledOff(error, signal)) this.#writer.stop(error);
      throw error;
    }
  }

  #reading<T>(operation: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const resuming = () => {
      this.#session.tellLoss("read");
      return this.#reader.resumption.resuming(operation, signal);
    };
    return !this.#isSettled || this.#hasToAsk
      ? this.#makeReadyToRead(signal).then(resuming)
      : resuming();
  }

  /** What a read, which sees to lost connections itself, needs to begin. */
  async #makeReadyToRead(signal?: AbortSignal): Promise<void> {
    if (!this.#isSettled) await this.#settle(signal);
    if (this.#hasToAsk) await this.#hearReads(signal);
    if (!this.#outage.isHere) await this.#ask();
  }
}
