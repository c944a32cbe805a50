/**
 * Records as the caller gets them: whole, in order, whatever room a READ turned out to need.
 *
 * @module
 */

import { EndOfPartition, type StandsHere } from "./end_of_partition.ts";
import { MAX_U24 } from "./commands.ts";
import { PositionLostError, RecordTooLargeError, type TapeError } from "./errors.ts";
import type { Outage } from "./outage.ts";
import { ReadAhead, type ReadAheadOptions } from "./read_ahead.ts";
import type { Arrival, Misfit, Records } from "./read_length.ts";
import { RecordRoom } from "./record_room.ts";
import { Reposition } from "./reposition.ts";
import { Resumption } from "./resumption.ts";
import type { TapeSession } from "./tape_session.ts";

/** What a read brought. */
export type ReadResult =
  | {
    readonly kind: "record";
    /** The record, whole. The array is the caller's. */
    readonly data: Uint8Array;
  }
  | { readonly kind: "filemark" }
  | { readonly kind: "end-of-data" };

/** What a read into the caller's buffer brought. */
export type ReadIntoResult =
  | {
    readonly kind: "record";
    /** Bytes in the buffer, from its beginning: one record, or in fixed mode as many whole blocks as came. */
    readonly length: number;
  }
  | { readonly kind: "filemark" }
  | { readonly kind: "end-of-data" };

/** Who waits for what comes off the tape, and may stop waiting. */
export interface RecordTaker {
  /** Whether it is still waited for. */
  readonly isWaiting: boolean;
  /** Takes it at the moment it leaves the tape, so that nothing is on its way to nobody. */
  take(result: ReadResult): void;
  /** Hears at once why nothing comes. */
  fail(error: unknown): void;
}

/** Options of a {@link RecordReader}. */
export interface RecordReaderOptions extends ReadAheadOptions {
  /** Room for the first record, in bytes. */
  readonly recordBytesHint: number;
  readonly outage: Outage;
}

/** Reads of one record may be repeated while its true length is being found: from 1 byte to 16 MiB by doubling. */
const MAX_REREADS = 26;

/** What the tries at one record have shown about the room that it needs. */
interface RoomBounds {
  tooLittle: number;
  tooMuch: number;
  tries: number;
  /** What SPACE made of the place where a READ met the end of the partition. */
  end?: StandsHere;
}

/** Reads records, ahead of the caller where that is safe. */
export class RecordReader {
  readonly ahead: ReadAhead;
  readonly reposition: Reposition;
  readonly resumption: Resumption;
  readonly #end: EndOfPartition;
  readonly #session: TapeSession;
  readonly #room: RecordRoom;
  /** Whether the tape can be brought back to the caller over filemarks too. */
  #isWayCertain = false;

  constructor(session: TapeSession, options: RecordReaderOptions) {
    this.#session = session;
    this.#room = new RecordRoom(session.limits, options.recordBytesHint);
    this.ahead = new ReadAhead(session, this.#room, options);
    this.reposition = new Reposition(
      session,
      this.ahead,
      (operation) => this.resumption.resuming(operation),
    );
    this.resumption = new Resumption(session, this.ahead, this.reposition, options.outage);
    this.#end = new EndOfPartition(session, this.reposition);
  }

  /** The next thing off the tape, which stays there for the next read. */
  async peek(signal?: AbortSignal): Promise<Exclude<Arrival, Misfit>> {
    const preparing = this.#prepare();
    if (preparing !== undefined) await preparing;
    if (this.#session.proof.wantsLanding && this.ahead.isIdle) await this.#session.landing(signal);
    if (this.#session.isKeyUntried && this.ahead.isIdle) await this.#session.nameHere(signal);
    const known: RoomBounds = { tooLittle: 0, tooMuch: Infinity, tries: 0 };
    for (;;) {
      const arrival = this.ahead.arrived ?? await this.ahead.head(signal);
      if (arrival.kind === "filemark") await this.#confirmFilemark();
      if (arrival.kind !== "misfit") return arrival;
      if (arrival.isBlockwise) await this.#readBlockwise(arrival);
      else if (arrival.error === undefined) await this.#readAgain(arrival, known);
      else await this.#readBeforeEnd(arrival, arrival.error, known);
    }
  }

  /** The first thing behind SPACE over blocks or LOCATE is a filemark: makes sure that the tape stands behind it. */
  async #confirmFilemark(): Promise<void> {
    const { proof } = this.#session;
    const { landing } = proof;
    if (landing === undefined) return;
    await this.ahead.settle();
    if (await this.reposition.confirmFilemark(landing)) this.ahead.found({ kind: "filemark" });
    proof.leaveLanding();
  }

  /** Finds out what stands where a READ was refused as if the partition ended: a filemark, a record that comes with less room, or nothing. */
  async #readBeforeEnd(misfit: Misfit, error: TapeError, known: RoomBounds): Promise<void> {
    known.tooMuch = Math.min(known.tooMuch, misfit.roomBytes);
    this.#room.reachesBeyondEnd(misfit.roomBytes);
    await this.reposition.abandon();
    const room = this.#nextRoom(misfit, known);
    known.end ??= await this.#end.whatStandsHere();
    if (known.end !== "unknown" && known.end !== "filemark" && room !== undefined) {
      await this.reposition.stepAside();
    }
    this.#distrustNumbers();
    if (known.end === "filemark") return this.ahead.found({ kind: "filemark" });
    if (!this.#session.isLost && room !== undefined && known.tries++ < MAX_REREADS) {
      return this.ahead.order({ buffer: new Uint8Array(room) });
    }
    const isNothing = known.end === "end-of-data" && known.tooLittle === 0;
    if (isNothing && !this.#session.isLost) return this.ahead.found({ kind: "end-of-data" });
    this.ahead.found({ kind: "failure", error, ...(!this.#session.isLost && { passed: 0 }) });
  }

  /** The next record, or the condition in its place. */
  read(signal?: AbortSignal): Promise<ReadResult> {
    return this.peek(signal).then(this.#handOut);
  }

  /** The same for one who may not wait for it any more once it has come: then it stays there for the next read. */
  readFor(taker: RecordTaker, signal?: AbortSignal): Promise<ReadResult | undefined> {
    return this.peek(signal).then((arrival) => {
      if (!taker.isWaiting) return undefined;
      const result = this.#handOut(arrival);
      if (!(result instanceof Promise)) taker.take(result);
      return result;
    });
  }

  readonly #handOut = (
    arrival: Exclude<Arrival, Misfit>,
  ): ReadResult | Promise<ReadResult> => {
    if (arrival.kind === "failure") return this.#fail(arrival.error);
    if (arrival.kind !== "records") {
      this.ahead.take();
      return { kind: arrival.kind };
    }
    const data = this.#owned(arrival);
    this.ahead.take(1);
    return { kind: "record", data };
  };

  async #fail(error: TapeError): Promise<never> {
    throw await this.#deliver(error);
  }

  /** The next record into `buffer`, or in fixed mode as many blocks as fit. */
  async readInto(buffer: Uint8Array, signal?: AbortSignal): Promise<ReadIntoResult> {
    const preparing = this.#prepare();
    if (preparing !== undefined) await preparing;
    this.#orderFor(buffer, signal !== undefined);
    const arrival = await this.peek(signal);
    if (arrival.kind === "failure") throw await this.#deliver(arrival.error);
    if (arrival.kind !== "records") {
      this.ahead.take();
      return { kind: arrival.kind };
    }
    if (arrival.recordBytes > buffer.length) throw this.#tooLarge(buffer, arrival.recordBytes);
    return { kind: "record", length: await this.#copyOut(arrival, buffer, signal) };
  }

  /**
   * Lets the next READ bring what the buffer holds, and straight into it where that is safe: not when the caller may stop waiting, for the READ goes
   * on then; and not when a record that fills the buffer could have been cut.
   */
  #orderFor(buffer: Uint8Array, mayStopWaiting: boolean): void {
    const { blockBytes } = this.#session;
    if (!this.ahead.isIdle || this.ahead.mayRunAhead || buffer.length < (blockBytes || 1)) return;
    const unit = blockBytes || 1;
    // READ in fixed mode may run over a filemark behind good blocks, so it asks for several only where the way back is certain.
    const isSingle = blockBytes > 0 && (!this.#isWayCertain || this.ahead.isBlockwise);
    const most = isSingle ? 1 : MAX_U24;
    const bytes = Math.min(Math.floor(buffer.length / unit), most) * unit;
    const isDirect = !mayStopWaiting && (blockBytes > 0 || !this.#room.isSuspect(bytes));
    if (isDirect) this.ahead.order({ buffer: buffer.subarray(0, bytes) });
    else if (blockBytes > 0) this.ahead.order({ buffer: new Uint8Array(bytes) });
  }

  /** Takes what fits from `first` and, in fixed mode, from what comes behind it, up to the next condition. */
  async #copyOut(first: Records, buffer: Uint8Array, signal?: AbortSignal): Promise<number> {
    let length = this.#takeInto(first, buffer);
    const { blockBytes } = this.#session;
    while (blockBytes > 0 && buffer.length - length >= blockBytes) {
      if (!this.ahead.isReading && !this.#isWayCertain) break;
      const next = await this.#nextInto(buffer.subarray(length), signal);
      if (next?.kind !== "records") break;
      length += this.#takeInto(next, buffer.subarray(length));
    }
    return length;
  }

  /** What comes next, unless the caller stops waiting: the blocks already taken must not be lost over that. */
  async #nextInto(buffer: Uint8Array, signal?: AbortSignal): Promise<Arrival | undefined> {
    try {
      const deciding = this.#decideDepth();
      if (deciding !== undefined) await deciding;
      this.#orderFor(buffer, signal !== undefined);
      return await this.peek(signal);
    } catch (error) {
      if (signal?.aborted) return undefined;
      throw error;
    }
  }

  #takeInto(arrival: Records, buffer: Uint8Array): number {
    const { data, recordBytes, count } = arrival;
    const records = Math.min(Math.floor(buffer.length / recordBytes), count);
    const length = records * recordBytes;
    const isThere = data.buffer === buffer.buffer && data.byteOffset === buffer.byteOffset;
    if (!isThere) {
      buffer.set(data.subarray(0, length));
      // Blocks before these may have been given out as views of the same buffer.
      const isAllOurs = data.byteOffset === 0 || isGivenAsCopy(arrival);
      if (records === count && isAllOurs) this.ahead.recycle(new Uint8Array(data.buffer));
    }
    this.ahead.take(records);
    return length;
  }

  /** The caller is done with a record that it was given. In fixed mode other blocks, which may be someone's, may lie beside it in its buffer. */
  giveBack({ buffer, byteLength }: Uint8Array): void {
    const isAlone = !this.ahead.isShared(buffer) || byteLength === buffer.byteLength;
    if (isAlone) this.ahead.recycle(new Uint8Array(buffer as ArrayBuffer));
  }

  #tooLarge(buffer: Uint8Array, recordBytes: number): RecordTooLargeError {
    return new RecordTooLargeError(
      `Cannot read a record of ${recordBytes} bytes into ${buffer.length} on ${this.#session.device.name}: give it more room`,
      { recordBytes, roomBytes: buffer.length, position: this.#session.countedPosition() },
    );
  }

  /** The head's first record as an array of the caller's own, which does not keep a much larger buffer alive. */
  #owned(arrival: Records): Uint8Array {
    const { data, recordBytes, count } = arrival;
    if (!isGivenAsCopy(arrival)) return data.subarray(0, recordBytes);
    // Not slice(): that of a Node Buffer does not copy.
    const copy = new Uint8Array(data.subarray(0, recordBytes));
    if (count === 1) this.ahead.recycle(new Uint8Array(data.buffer));
    return copy;
  }

  /** The error that comes next is given out, and what it says about drive and position is taken in. */
  async #deliver(error: TapeError): Promise<TapeError> {
    if (error.kind === "encryption") await this.reposition.keepBefore(error);
    this.ahead.take();
    if (error.kind !== "mode-parameters-changed") return error;
    await this.ahead.settle();
    if (!await this.#session.mode.isStillTheSame()) {
      // What was under way was asked for in one block size and answered in another.
      this.ahead.clear();
      this.#session.lose(error);
    }
    return error;
  }

  /** What was read ahead in another block size than the caller has been told of since is read again in that. A promise only where anything has to be done. */
  #prepare(): Promise<void> | undefined {
    if (!this.ahead.isOfOtherBlocks) return this.#decideDepth();
    return this.reposition.back().then(() => this.#decideDepth());
  }

  /**
   * More than one READ at a time, or several blocks with one, only where the way back is certain whatever they meet. A promise only where the drive has to show
   * that first.
   */
  #decideDepth(): Promise<void> | undefined {
    const { count, proof, isLost, blockBytes } = this.#session;
    if (this.ahead.depth === 0 && blockBytes === 0) return undefined;
    if (!isLost && !count.isAnchored && proof.isProven) {
      return this.reposition.tryLocate().then((canLocate) => this.#setDepth(canLocate));
    }
    return this.#setDepth(!isLost && count.isAnchored);
  }

  #setDepth(isWayCertain: boolean): undefined {
    const { blockBytes, device } = this.#session;
    this.#isWayCertain = isWayCertain;
    // The first READ of blocks could bring a filemark before the drive has said where it is: what lies before that would have no number.
    const isSettled = blockBytes > 0 ? !this.#session.proof.wantsAnchor : this.#room.isSettled;
    const mayRunAhead = isWayCertain && this.ahead.depth > 0 && isSettled;
    if (mayRunAhead && !this.ahead.mayRunAhead) {
      device.logger.debug("Reading ahead on {name}", { name: device.name });
    }
    this.ahead.mayRunAhead = mayRunAhead;
  }

  /** Goes back before a record that did not come whole, and reads it again. */
  async #readAgain(misfit: Misfit, known: RoomBounds): Promise<void> {
    const { roomBytes, recordBytes } = misfit;
    const { device, limits } = this.#session;
    if (recordBytes === undefined) known.tooLittle = Math.max(known.tooLittle, roomBytes);
    const room = this.#nextRoom(misfit, known);
    await this.#backBefore(misfit);
    if (room !== undefined && known.tries++ < MAX_REREADS) {
      this.ahead.order({ buffer: new Uint8Array(room) });
      return;
    }
    const told = recordBytes === undefined ? "longer than that" : `of ${recordBytes} bytes`;
    throw new RecordTooLargeError(
      `Cannot read a record ${told} on ${device.name}: the drive reads at most ${limits.maxBytes}`,
      { recordBytes, roomBytes, position: this.#session.countedPosition() },
    );
  }

  /** Goes back before blocks of which one ended the READ, and from now on reads one at a time. */
  async #readBlockwise(misfit: Misfit): Promise<void> {
    this.ahead.isBlockwise = true;
    await this.#backBefore(misfit);
  }

  /**
   * Between too little and too much, where there is too much; `undefined` when nothing is left to try. Where even the least room is too much, the end of the
   * partition is what the drive says it is.
   */
  #nextRoom({ roomBytes, recordBytes }: Misfit, known: RoomBounds): number | undefined {
    const { tooLittle, tooMuch } = known;
    const { minBytes } = this.#session.limits;
    if (tooMuch === Infinity || recordBytes !== undefined) {
      return this.#room.beyond(roomBytes, recordBytes);
    }
    const least = this.#session.blockBytes || minBytes;
    if (tooLittle === 0) return tooMuch > least ? least : undefined;
    const between = Math.floor((tooLittle + tooMuch) / 2);
    return between > tooLittle ? between : undefined;
  }

  /** A motion of another kind has ended the run of READs over which the drive's numbers were proven. */
  #distrustNumbers(): void {
    if (!this.#session.count.isAnchored) this.ahead.mayRunAhead = false;
  }

  async #backBefore({ recordBytes, roomBytes, error: reason }: Misfit): Promise<void> {
    try {
      await this.reposition.back();
      this.#distrustNumbers();
    } catch (error) {
      if (!(error instanceof PositionLostError)) throw error;
      const told = recordBytes === undefined ? "longer" : `of ${recordBytes} bytes`;
      const what = reason?.message ??
        `the record there, ${told}, did not come whole in ${roomBytes}`;
      throw new PositionLostError(
        `${error.message}; ${what}`,
        { position: error.position, cause: error },
      );
    }
  }
}

/** A record of less than half its buffer is copied, so that keeping it does not keep the rest. */
function isGivenAsCopy({ data, recordBytes }: Records): boolean {
  return recordBytes * 2 < data.buffer.byteLength;
}
