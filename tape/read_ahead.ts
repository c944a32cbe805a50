/**
 * READs on their way, and what they have brought, strictly in the order of the tape.
 *
 * There is no ACA, so a READ behind one that met a filemark or an error is executed all the same. Nothing of that is dropped: each completion is
 * kept and comes out in its turn. Only what follows an end of data is not: the tape does not move there.
 *
 * @module
 */

import { abortable } from "./abort.ts";
import { readCdb } from "./commands.ts";
import { errorFor, isNews, isToldOnce, losesBuffer } from "./conditions.ts";
import type { Reply } from "./device.ts";
import type { PositionSample } from "./drive_position.ts";
import type { TapeError } from "./errors.ts";
import { type Arrival, fixedArrivals, objectsPassed, variableArrivals } from "./read_length.ts";
import type { RecordRoom } from "./record_room.ts";
import type { TapePosition } from "./position.ts";
import { RepeatedCdb } from "./repeated_cdb.ts";
import type { TapeSession } from "./tape_session.ts";
import type { WriteOutcome } from "./write_ledger.ts";

/** Bytes that one READ in fixed mode asks for when reading ahead: enough to make the command's own cost small. */
const FIXED_READ_BYTES = 256 * 1024;

/** READs in a row that the drive may answer without executing them, before that counts as a failure. */
const FRUITLESS_TRIES = 50;
const FRUITLESS_INTERVAL_MS = 200;

/** A command on its way. */
interface Slot {
  /** The room of a READ; none for a READ POSITION that rides behind one. */
  readonly read?: { readonly buffer: Uint8Array; readonly blockBytes: number };
  /** Settles when the answer is there; never rejects. */
  done: Promise<void>;
  reply?: Reply;
  error?: unknown;
  sample?: PositionSample;
  isAnswered?: true;
  /** Sent before something of which another command was told, so that what it brings is no longer what comes next. */
  isStale?: true;
}

/** What lies between the caller and the place that the READs have brought the tape to. */
export interface Undelivered {
  readonly records: number;
  readonly filemarks: number;
  /** Whether the tape may have moved by more than those. */
  readonly isUncertain: boolean;
  /** An error that the caller has to hear of before anything else is done. */
  readonly mustHear?: TapeError;
  /** The first thing that the caller has not seen. */
  readonly first?: Arrival;
}

/** How the next READ goes when it is not to be decided here. */
export interface ReadOrder {
  /** Where the record goes; its length is the room. */
  readonly buffer: Uint8Array;
}

/** Options of a {@link ReadAhead}. */
export interface ReadAheadOptions {
  /** READs that may be under way or undelivered. */
  readonly depth: number;
  /** Whether to set SILI in variable mode. */
  readonly sili: boolean;
}

/** Issues READs and queues what they bring. */
export class ReadAhead {
  readonly #session: TapeSession;
  readonly #room: RecordRoom;
  readonly #slots: Slot[] = [];
  /** How many of them ask for the position. */
  #questions = 0;
  readonly #arrivals: Arrival[] = [];
  /** The error that was given out last; what is in the queue was read behind that. */
  #delivered: TapeError | undefined;
  #depth: number;
  #order: ReadOrder | undefined;
  /** What the last order brought its record into, which may be the caller's. */
  #ordered: ArrayBufferLike | undefined;
  #isHalted = false;
  #isUncertain = false;
  /** The last thing off the tape was the end of data, delivered or not: what is under way was sent before that was known. */
  #isBeyondEnd = false;
  #fruitless = 0;
  /** The block size that the last READ went out in. */
  #blockBytes = 0;
  readonly #spares: Uint8Array[] = [];
  /** Buffers of READs in fixed mode, until they are spares again: other blocks in them may be the caller's. */
  readonly #shared = new WeakSet<ArrayBufferLike>();
  readonly #cdb: RepeatedCdb;
  /** Whether the way back across filemarks is certain, so that more than one READ may be under way. */
  mayRunAhead = false;
  /** Whether a READ in fixed mode must ask for one block only: the drive does not tell which of several has another length. */
  isBlockwise = false;

  constructor(session: TapeSession, room: RecordRoom, { depth, sili }: ReadAheadOptions) {
    this.#session = session;
    this.#room = room;
    this.#depth = depth;
    session.onUpheaval = (reason) => this.#outdate(reason);
    this.#cdb = new RepeatedCdb((fixed, length) =>
      readCdb({ fixed, sili: sili && !fixed, length })
    );
  }

  /** Whether nothing is under way or undelivered. */
  get isIdle(): boolean {
    return this.#slots.length === 0 && this.#arrivals.length === 0;
  }

  /** Whether a command is under way. */
  get isUnderWay(): boolean {
    return this.#slots.length > 0;
  }

  /** Whether the tape may have moved by more than what was read. */
  get isUncertain(): boolean {
    return this.#isUncertain;
  }

  /** Whether a READ is under way, or what one brought is undelivered; a question for the position is neither. */
  get isReading(): boolean {
    return this.#underWay() > 0;
  }

  /** Whether what is under way or undelivered was asked for in another block size than is in force now. */
  get isOfOtherBlocks(): boolean {
    return this.#blockBytes !== this.#session.blockBytes && this.isReading;
  }

  /** Whether the caller may have other blocks of this buffer. */
  isShared(buffer: ArrayBufferLike): boolean {
    return this.#shared.has(buffer);
  }

  /** READs that may be under way or undelivered. */
  get depth(): number {
    return this.#depth;
  }

  /** From now on fewer READs may be under way; whether more than one may be has to be decided anew. */
  slowDown(): void {
    this.#depth >>= 2;
    this.mayRunAhead = false;
  }

  /** The next READ, which goes alone, uses this. */
  order(order: ReadOrder): void {
    this.#order = order;
    this.#ordered = order.buffer.buffer;
  }

  /** Whether nothing has come, and nothing is under way, behind what comes next. */
  get isLastArrival(): boolean {
    return this.#slots.length === 0 && this.#arrivals.length <= 1;
  }

  /** The next thing off the tape, if it is there already. */
  get arrived(): Arrival | undefined {
    return this.#arrivals[0];
  }

  /** The next thing off the tape, which stays where it is; reads when there is none. */
  async head(signal?: AbortSignal): Promise<Arrival> {
    for (;;) {
      if (this.#arrivals.length > 0) return this.#arrivals[0];
      signal?.throwIfAborted();
      if (this.#slots.length === 0) await this.#restart(signal);
      this.#fill();
      await abortable(this.#slots[0].done, signal);
      this.#harvest(this.#slots.shift()!);
    }
  }

  /** The caller has seen `records` of the head, or all of it. Keeps the READs going. */
  take(records?: number): void {
    const arrival = this.#arrivals[0];
    if (arrival.kind === "records" && records !== undefined && records < arrival.count) {
      const data = arrival.data.subarray(records * arrival.recordBytes);
      this.#arrivals[0] = { ...arrival, data, count: arrival.count - records };
      this.#session.count.passRecords(records);
      return;
    }
    this.#arrivals.shift();
    this.#account(arrival);
    if (this.mayRunAhead) this.#fill();
  }

  /** Puts what was found by another way than reading at the end of the queue. */
  found(arrival: Arrival): void {
    if (arrival.kind === "failure") this.#isHalted = true;
    this.#arrivals.push(arrival);
  }

  /** Takes in the numbers that have come since the last READ was answered. */
  hearNumbers(): void {
    while (this.#slots.length > 0 && this.#slots[0].isAnswered) this.#harvest(this.#slots.shift()!);
  }

  /** Waits for everything that is under way, which goes on when that is called off. */
  async settle(signal?: AbortSignal): Promise<void> {
    for (let slot = this.#slots[0]; slot !== undefined; slot = this.#slots[0]) {
      await abortable(slot.done, signal);
      this.#slots.shift();
      this.#harvest(slot);
    }
  }

  /** What has been read and not delivered, once all is settled. */
  undelivered(): Undelivered {
    let records = 0;
    let filemarks = 0;
    let isUncertain = this.#isUncertain;
    let mustHear: TapeError | undefined;
    for (const arrival of this.#arrivals) {
      if (arrival.kind === "filemark") filemarks++;
      else records += objectsPassed(arrival) ?? 0;
      isUncertain ||= objectsPassed(arrival) === undefined;
      if (arrival.kind !== "failure" || !this.#isHeard(arrival)) continue;
      // Who hears of one alone hears of what is told but once.
      const isMore = mustHear !== undefined && !isNews(mustHear.kind) && isNews(arrival.error.kind);
      if (mustHear === undefined || isMore) mustHear = arrival.error;
    }
    return { records, filemarks, isUncertain, mustHear, first: this.#arrivals[0] };
  }

  /** Forgets what has been read and not delivered. */
  clear(): void {
    for (const arrival of this.#arrivals) {
      if (arrival.kind !== "records" || this.isShared(arrival.data.buffer)) continue;
      this.#recycleUnlessOrdered(arrival.data.buffer);
    }
    this.#arrivals.length = 0;
    this.#order = undefined;
    this.#isHalted = this.#isUncertain = this.#isBeyondEnd = false;
    this.#fruitless = 0;
  }

  /** Another command was told that the tape may stand anywhere, or be another: what was read before that is not what comes next. */
  #outdate(reason: TapeError): void {
    if (reason === this.#delivered) return;
    for (const slot of this.#slots) slot.isStale = true;
    this.clear();
  }

  /** A buffer that nobody looks at any more may serve again, when it is of the size that READs are given now. */
  recycle(buffer: Uint8Array): void {
    this.#shared.delete(buffer.buffer);
    const isFit = buffer.length === this.#roomBytes(this.#session.blockBytes);
    if (isFit && this.#spares.length <= this.#depth) this.#spares.push(buffer);
  }

  #recycleUnlessOrdered(buffer: ArrayBufferLike): void {
    if (buffer !== this.#ordered) this.recycle(new Uint8Array(buffer));
  }

  /** Counts what the caller has just seen. */
  #account(arrival: Arrival): void {
    const { count, proof } = this.#session;
    if (arrival.kind === "records") return count.passRecords(arrival.count);
    if (arrival.kind === "filemark") return count.passFilemarks(1);
    if (arrival.kind === "end-of-data" || arrival.error === undefined) return;
    const passed = objectsPassed(arrival);
    this.#accountFailure(arrival.error, passed);
    if (passed !== undefined) return;
    const { records, filemarks } = this.undelivered();
    proof.startRun(records + filemarks);
  }

  #accountFailure(error: TapeError, passed: number | undefined): void {
    this.#delivered = error;
    // Made when the answer came, and the caller has read on since, or flushed.
    const facts = error as { position?: TapePosition; writes?: WriteOutcome };
    facts.position = this.#session.countedPosition();
    if (!this.#session.buffer.isDirty) facts.writes = undefined;
    // What had no answer may be found out yet.
    if (error.kind !== "transport-lost") this.#session.noteFailure(error);
    else this.#session.doubtBuffer();
    if (passed === undefined) this.#session.lose(error);
    else this.#session.count.passRecords(passed);
  }

  /** After an end of data or an error nothing goes out until the caller reads on; after fruitless tries, not at once. */
  async #restart(signal?: AbortSignal): Promise<void> {
    if (this.#isUncertain) this.#session.count.forget();
    this.#isHalted = this.#isUncertain = this.#isBeyondEnd = false;
    if (this.#fruitless > 0) await this.#session.device.sleep(FRUITLESS_INTERVAL_MS, signal);
  }

  #fill(): void {
    const { proof, isKeyUntried } = this.#session;
    // With the wrong key all of them would fail, and some drives bear but few such failures.
    const isAlone = this.#order !== undefined || proof.isAtLanding || isKeyUntried;
    const limit = this.mayRunAhead && !isAlone ? this.#depth : 1;
    while (!this.#isHalted && this.#underWay() < limit) {
      this.#issueRead();
      this.#sampleBehind();
    }
  }

  /** READs under way or undelivered. */
  #underWay(): number {
    return this.#slots.length - this.#questions + this.#arrivals.length;
  }

  #issueRead(): void {
    const { device, blockBytes } = this.#session;
    const buffer = this.#order?.buffer ?? this.#buffer(blockBytes);
    this.#order = undefined;
    this.#blockBytes = blockBytes;
    const isFixed = blockBytes > 0;
    if (isFixed) this.#shared.add(buffer.buffer);
    const cdb = this.#cdb.of(isFixed, isFixed ? buffer.length / blockBytes : buffer.length);
    const slot: Slot = { read: { buffer, blockBytes }, done: Promise.resolve() };
    slot.done = device.send({ cdb, dataIn: buffer }).then(
      (reply) => this.#answered(slot, reply),
      (error) => {
        slot.error = error;
        this.#isHalted = true;
      },
    );
    this.#slots.push(slot);
  }

  #buffer(blockBytes: number): Uint8Array {
    const bytes = this.#roomBytes(blockBytes);
    const spare = this.#spares.pop();
    return spare?.length === bytes ? spare : new Uint8Array(bytes);
  }

  #roomBytes(blockBytes: number): number {
    if (blockBytes === 0) return this.#room.next;
    if (!this.mayRunAhead || this.isBlockwise) return blockBytes;
    return Math.max(Math.floor(FIXED_READ_BYTES / blockBytes), 1) * blockBytes;
  }

  #answered(slot: Slot, reply: Reply): void {
    slot.reply = reply;
    const { condition, sense } = reply;
    const isShort = condition === "incorrect-length" && (sense?.information ?? 0) > 0 &&
      slot.read?.blockBytes === 0;
    if (condition !== "good" && condition !== "filemark" && !isShort) this.#isHalted = true;
  }

  /** Lets the drive say where it is, as long as that is needed to prove that it knows. */
  #sampleBehind(): void {
    const { proof, blockBytes } = this.#session;
    // One READ at a time needs no proof, yet what LOCATE has proven behind an outage is not given up over a filemark.
    if (this.#depth === 0 && blockBytes === 0 && !proof.wantsMarks) return;
    if (this.#questions >= proof.samplesWanted) return;
    this.#questions++;
    const slot: Slot = { done: Promise.resolve() };
    slot.done = this.#session.drivePosition.sample().then((sample) => {
      slot.sample = sample;
      slot.isAnswered = true;
    }, (error) => {
      // One that got no answer may have been told what no other command is.
      slot.error = error;
      this.#isHalted = true;
    });
    this.#slots.push(slot);
  }

  /** Turns the oldest answer into arrivals. */
  #harvest(slot: Slot): void {
    const { proof } = this.#session;
    if (slot.read === undefined) {
      this.#questions--;
      if (slot.error !== undefined) return this.#accept(deliveryFailure(slot.error));
      if (slot.sample !== undefined && !slot.isStale) proof.sample(slot.sample.number);
      return;
    }
    const arrivals = this.#interpret(slot);
    if (!arrivals.some(({ kind }) => kind === "records")) {
      this.#recycleUnlessOrdered(slot.read.buffer.buffer);
    }
    if (slot.isStale) {
      for (const arrival of arrivals) if (this.#isHeard(arrival)) this.#accept(arrival);
      return;
    }
    this.#fruitless = arrivals.length > 0 ? 0 : this.#fruitless + 1;
    if (this.#fruitless >= FRUITLESS_TRIES) arrivals.push(this.#refusal(slot));
    for (const arrival of arrivals) this.#accept(arrival);
  }

  #interpret(slot: Slot): Arrival[] {
    const { device } = this.#session;
    const { buffer, blockBytes } = slot.read!;
    if (slot.reply === undefined) return [deliveryFailure(slot.error)];
    return blockBytes > 0
      ? fixedArrivals(slot.reply, buffer, blockBytes, device)
      : variableArrivals(slot.reply, buffer, this.#room, device);
  }

  #accept(arrival: Arrival): void {
    if (this.#isBeyondEnd) return this.#dropBeyondEnd(arrival);
    if (arrival.kind === "filemark") this.#session.proof.passMarks(1);
    else this.#session.proof.pass(objectsPassed(arrival) ?? 0);
    this.#arrivals.push(arrival);
    this.#isBeyondEnd = arrival.kind === "end-of-data";
  }

  /** READs behind one that met end of data find nothing, or an error of their own; anything else means that the tape has moved. */
  #dropBeyondEnd(arrival: Arrival): void {
    if (arrival.kind === "end-of-data") return;
    this.#isUncertain = true;
    if (this.#isHeard(arrival)) this.#arrivals.push(arrival);
  }

  /** Whether it must not be dropped. */
  #isHeard(arrival: Arrival): boolean {
    if (arrival.kind !== "failure") return false;
    return isToldOnce(arrival.error.kind) || this.#mustBeHeard(arrival.error);
  }

  /** Whether the caller has to hear of it wherever it goes next: also that the drive could not write out its buffer, which a READ begins with. */
  #mustBeHeard({ kind }: TapeError): boolean {
    return isNews(kind) || kind === "transport-lost" ||
      (this.#session.buffer.isBuffered && losesBuffer(kind));
  }

  #refusal(slot: Slot): Arrival {
    return { kind: "failure", error: this.#session.device.failure(slot.reply!), passed: 0 };
  }
}

/** A READ that got no answer: the error is ours already, or whatever the logical unit threw. */
function deliveryFailure(error: unknown): Arrival {
  const isOurs = error instanceof Error && "kind" in error;
  const failed = isOurs
    ? error as TapeError
    : errorFor("transport-lost", "Cannot read: the command failed", { cause: error });
  return { kind: "failure", error: failed };
}
