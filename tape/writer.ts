/**
 * Writing records and filemarks where the caller stands (SSC-4, WRITE(6) and WRITE FILEMARKS(6)).
 *
 * @module
 */

import { checkWrite } from "./block_limits.ts";
import { MAX_U24, writeFilemarksCdb } from "./commands.ts";
import type { ScsiCommand } from "../scsi/logical_unit.ts";
import type { Condition } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { TapeError, TransportLostError, WriteStoppedError } from "./errors.ts";
import type { Outage } from "./outage.ts";
import type { Reposition } from "./reposition.ts";
import type { TapeSession } from "./tape_session.ts";
import { WriteBehind } from "./write_behind.ts";
import { WriteRecovery } from "./write_recovery.ts";
import { withWrites } from "./write_reply.ts";
import type { WriteResult } from "./write_result.ts";

/** Options of a {@link Writer}. */
export interface WriterOptions {
  /** Writes that may be under way when `write()` resolves. */
  readonly depth: number;
  readonly outage: Outage;
}

const WRITE_ENDS: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "programmable-early-warning",
  "volume-overflow",
]);

/** Over one filemark the connection may be lost so often. */
const MAX_OUTAGES = 3;

/** Writes to one drive. */
export class Writer {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;
  readonly #behind: WriteBehind;
  readonly #recovery: WriteRecovery;

  constructor(session: TapeSession, reposition: Reposition, { depth, outage }: WriterOptions) {
    this.#session = session;
    this.#reposition = reposition;
    this.#recovery = new WriteRecovery(session, outage);
    this.#behind = new WriteBehind(session, this.#recovery, depth);
  }

  /** Whether records are under way whose answers have not been looked at. */
  get isBusy(): boolean {
    return this.#behind.isBusy;
  }

  /** Handed back with a write or filemark: one that was called before a failure came to light is not done. */
  get era(): number {
    return this.#behind.era;
  }

  /** Writes one record, or in fixed mode one or more whole blocks. What cannot be written at all it throws at once. */
  write(data: Uint8Array, era: number, signal?: AbortSignal): Promise<WriteResult> {
    const { blockBytes, limits } = this.#session;
    checkWrite(data, blockBytes, limits);
    if (era !== this.era) throw this.#stopped(data);
    if (!this.#behind.isBusy && !this.#isPlaced) return this.#writeOncePlaced(data, signal);
    signal?.throwIfAborted();
    return this.#behind.write(data, signal);
  }

  async #writeOncePlaced(data: Uint8Array, signal?: AbortSignal): Promise<WriteResult> {
    try {
      await this.place("write");
    } catch (error) {
      this.stop(error);
      throw error;
    }
    signal?.throwIfAborted();
    return await this.#behind.write(data, signal);
  }

  /** A write has failed before it was taken: with write-behind those that were called by then must not leave a gap. */
  stop(error: unknown): void {
    this.#behind.stop(error);
  }

  /**
   * Waits until everything taken is written.
   *
   * @throws {TapeError} with what became of it, when that fails.
   */
  async settle(signal?: AbortSignal): Promise<void> {
    if (this.#behind.isBusy) await this.#behind.finish(signal);
  }

  /** Writes filemarks, of which none are a flush. */
  async writeFilemarks(
    count: number,
    immediate: boolean,
    era: number,
    signal?: AbortSignal,
  ): Promise<WriteResult> {
    if (!Number.isInteger(count) || count < 0 || count > MAX_U24) {
      throw new TapeError("invalid-argument", `Cannot write ${count} filemarks: 0 to ${MAX_U24}`);
    }
    if (count === 0) return await this.flush(era, signal);
    if (era !== this.era) throw this.#stopped();
    await this.settle(signal);
    await this.place("write filemarks");
    signal?.throwIfAborted();
    return await this.#session.moving(() => this.#marks(count, immediate, signal), signal);
  }

  /** Has the drive write out what it has buffered: a synchronous WRITE FILEMARKS with count 0, which writes none. */
  async flush(era: number, signal?: AbortSignal): Promise<WriteResult> {
    if (era !== this.era) throw this.#stopped();
    await this.settle(signal);
    // A READ ahead may have met the reset in which the drive lost its buffer.
    if (!this.#reposition.isThere) await this.#reposition.settle();
    return await this.#session.moving(() => this.#marks(0, false, signal), signal);
  }

  /** Whether the tape is known to stand where the caller does. */
  get #isPlaced(): boolean {
    const { isLost, isDoubtful, proof } = this.#session;
    return this.#reposition.isThere && !isLost && !isDoubtful && !proof.isAtLanding;
  }

  /** Makes sure that what is about to be written goes where the caller stands. */
  async place(doing: string): Promise<void> {
    if (!this.#reposition.isThere) await this.#reposition.back();
    if (!this.#session.isLost && this.#session.isDoubtful) await this.#confirmPlace();
    if (this.#session.isLost) throw this.#session.lostError(doing);
    if (this.#session.proof.isAtLanding) await this.#reposition.settleLanding();
    await this.#session.confirmSettings();
  }

  /** tgt lands one object too far back when it spaces back over filemarks; drives that tell their position have no such faults. */
  async #confirmPlace(): Promise<void> {
    const position = await this.#session.drivePosition.ask();
    if (position?.object !== undefined) this.#session.isDoubtful = false;
    else this.#session.lose(this.#session.device.problem("position-lost", DOUBTFUL));
  }

  #stopped(data?: Uint8Array): WriteStoppedError {
    const { device, ledger } = this.#session;
    const unwritten = data === undefined ? [] : [{ number: ledger.take(), data }];
    const writes = ledger.outcome(false, { unwritten });
    return new WriteStoppedError(
      `Cannot write on ${device.name}: an earlier write failed before this one was begun; write both again in their order`,
      { cause: this.#behind.failure, writes },
    );
  }

  async #marks(count: number, immediate: boolean, signal?: AbortSignal): Promise<WriteResult> {
    if (count > 0) this.#session.buffer.fill();
    this.#behind.heed(await this.#writeSurely(count, immediate, signal));
    if (count > 0) await this.#behind.marked();
    if (!immediate) this.#session.synchronized();
    return this.#behind.result(this.#session.ledger.next);
  }

  /** Writes so many filemarks, and after a lost answer those of them that the tape does not have. */
  async #writeSurely(count: number, immediate: boolean, signal?: AbortSignal): Promise<Condition> {
    for (let left = count, outages = 0;; outages++) {
      try {
        const command = { cdb: writeFilemarksCdb(left, immediate), signal };
        const { condition } = await this.#perform(command, left);
        this.#pass(left);
        return condition;
      } catch (error) {
        if (!(error instanceof TransportLostError) || !this.#recovery.isPossible) throw error;
        const written = await this.#recovery.marksWritten(left, error, MAX_OUTAGES - outages);
        this.#pass(written);
        left -= written;
        if (left === 0 && immediate) return "good";
      }
    }
  }

  #pass(filemarks: number): void {
    if (filemarks > 0) this.#session.wrote(0, filemarks);
  }

  /** Sends a WRITE FILEMARKS of `asked`, and counts those that went to tape before it was full. */
  async #perform(command: ScsiCommand, asked: number): Promise<Reply> {
    const { device } = this.#session;
    const reply = await device.perform(command, WRITE_ENDS);
    if (reply.condition !== "volume-overflow") return reply;
    const error = device.failure(reply);
    const left = reply.sense?.information;
    if (left !== undefined && left >= 0 && left <= asked) {
      this.#pass(asked - left);
      throw error;
    }
    // More left than asked for: the drive could not write what it had buffered before either.
    this.#session.lose(error);
    throw withWrites(error, this.#session.ledger.giveUpBuffer());
  }
}

const DOUBTFUL =
  "Cannot be sure where the tape stands after that motion: drives differ, and this one does not tell positions";
