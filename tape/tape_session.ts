/**
 * What the driver knows about the drive and the tape in it, shared by all that work on them.
 *
 * @module
 */

import type { LogicalUnit } from "../scsi/logical_unit.ts";
import { isCalledOff } from "./abort.ts";
import { type BlockLimits, NO_LIMITS } from "./block_limits.ts";
import { BlockMode } from "./block_mode.ts";
import { readCartridge } from "./cartridge.ts";
import { BufferedWrites } from "./buffered_writes.ts";
import { CommandTimeouts } from "./command_timeouts.ts";
import {
  breaksPosition,
  type Condition,
  isNews,
  isToldOnce,
  leavesTapeUnmoved,
  losesBuffer,
  mayBePassedOver,
} from "./conditions.ts";
import { CurrentPartition } from "./current_partition.ts";
import { Device, type DeviceOptions } from "./device.ts";
import { DrivePosition } from "./drive_position.ts";
import { KeptSettings } from "./kept_settings.ts";
import { canOverwrite } from "./medium_protection.ts";
import {
  MediumChangedError,
  PositionLostError,
  SpaceStoppedError,
  TapeError,
  type TapeErrorKind,
  TransportLostError,
  VolumeOverflowError,
} from "./errors.ts";
import type { TapePosition } from "./position.ts";
import { PositionProof } from "./position_proof.ts";
import { TapeCount } from "./tape_count.ts";
import { WriteLedger } from "./write_ledger.ts";

/** One drive, and what is known of it. */
export class TapeSession {
  readonly device: Device;
  readonly timeouts: CommandTimeouts;
  readonly mode: BlockMode;
  readonly kept: KeptSettings;
  readonly partition: CurrentPartition;
  /** Where the drive says that the tape stands. */
  readonly drivePosition: DrivePosition;
  /** Where the caller stands; read-ahead may have brought the tape further. */
  readonly count: TapeCount = new TapeCount();
  readonly proof: PositionProof = new PositionProof();
  readonly ledger: WriteLedger = new WriteLedger();
  readonly buffer: BufferedWrites = new BufferedWrites();
  limits: BlockLimits = NO_LIMITS;
  /** The last motion is one that does not end in the same place on all drives; before a write the drive must say where it is. */
  isDoubtful = false;
  /** Writing has come to early warning, so what follows may not fit. */
  isNearEnd = false;
  /** Warnings of the end of the tape that no result has told yet. */
  hasEarlyWarning = false;
  hasProgrammableEarlyWarning = false;
  /** Whether what is on the tape may be written over, as far as that was asked. */
  isOverwritable: boolean | undefined;
  /** The name of the cartridge, as far as it is needed and has one. */
  cartridge: string | undefined;
  /** What has to be set anew, or asked after, when the drive may have forgotten its settings. */
  readonly restorers: (() => Promise<void>)[] = [];
  /** Hears why the tape may stand anywhere, or be another, so that what was read before is not what the caller stands before. */
  onUpheaval: (reason: TapeError) => void = () => {};
  /** Hears that a lost connection is set up again: whether the target tells the new session what has happened meanwhile is its own affair. */
  onNewSession: () => void = () => {};
  #lost: unknown;
  #isLost = false;
  #isLossUntold = false;
  #isUpheavalTold = false;
  #isPlaceDoubted = false;
  #isCartridgeDoubted = false;
  /** Where the key was changed last, or was wrong. */
  #keyedAt: number | undefined;
  #located: { readonly object: number; readonly run: number } | undefined;

  constructor(unit: LogicalUnit, options: DeviceOptions) {
    this.device = new Device(unit, {
      heard: (condition) => this.#hear(condition),
      failed: (error) => this.noteFailure(error),
      isBuffered: () => this.buffer.isBuffered,
      unheard: () => this.#doubt(),
      modeChanged: () => this.mode.isStillTheSame(),
      facts: (condition) => {
        const { isDirty, isDoubted } = this.buffer;
        const mayBeLost = isDoubted || losesBuffer(condition);
        return {
          position: this.countedPosition(),
          ...(isDirty && { writes: this.ledger.outcome(mayBeLost) }),
        };
      },
    }, options);
    this.timeouts = new CommandTimeouts(this.device);
    this.mode = new BlockMode(this.device);
    this.kept = new KeptSettings(this.device);
    this.partition = new CurrentPartition(this.device);
    this.drivePosition = new DrivePosition(this.device, this.mode, this.partition);
    this.restorers.push(async () => {
      if (!await this.kept.giveBack()) this.mode.suspect();
    });
  }

  /** Bytes of a block in fixed mode; 0 in variable mode. */
  get blockBytes(): number {
    return this.mode.bytes;
  }

  /** Whether what was set has to be asked for again. */
  get isStale(): boolean {
    return this.mode.isStale || this.kept.isDoubted;
  }

  /** The partition that the caller is in, unless the tape may have gone to another, or nobody knows. */
  get callerPartition(): number | undefined {
    const { partition } = this;
    return this.#isLost ? partition.stillPlaced : partition.certain;
  }

  /**
   * Runs a motion into a partition that its command names. Unless that is done or refused, the tape may stand there as well as where it was: the drive is
   * asked before anything else.
   */
  async changing<T>(
    partition: number | undefined,
    motion: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await motion();
    } catch (error) {
      const mayBeElsewhere = partition !== undefined && partition !== this.partition.number;
      if (mayBeElsewhere && !isRefused(error, signal)) {
        this.partition.doubt();
        this.mode.suspect();
      }
      throw error;
    }
  }

  /** Whether it is unknown where the tape stands, so that nothing may be written. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether the caller has been told since that the tape may stand anywhere, or be another. */
  get isUpheavalTold(): boolean {
    return this.#isUpheavalTold;
  }

  /** What that has taken away is there again: the next time it is lost is another. */
  endUpheaval(): void {
    this.#isUpheavalTold = false;
  }

  /** The object that LOCATE has led to, as long as nothing has gone by since and the tape was not moved otherwise. */
  get located(): number | undefined {
    const { run, isAtLanding } = this.proof;
    return isAtLanding && this.#located?.run === run ? this.#located.object : undefined;
  }

  /** Whether the next READ may well be refused for its key: where that was changed or wrong, and then wherever a motion leads. */
  get isKeyUntried(): boolean {
    if (this.#keyedAt === undefined) return false;
    return this.proof.isAtStart || this.proof.place === this.#keyedAt;
  }

  /** The key is changed here, or is wrong. */
  doubtKey(): void {
    this.#keyedAt = this.proof.place;
  }

  /** LOCATE has led to an object. */
  landAt(object: number): void {
    this.proof.land();
    this.#located = { object, run: this.proof.run };
  }

  /** Whether an answer that nobody heard may have told that the tape stands elsewhere. */
  get isPlaceDoubted(): boolean {
    return this.#isPlaceDoubted;
  }

  /** A unit attention is told once, and may have been told to a command that was called off, or whose answer did not come. */
  #doubt(): void {
    this.doubtBuffer();
    this.#isPlaceDoubted = this.#isCartridgeDoubted = true;
    this.mode.suspectForeign();
    this.kept.doubt();
  }

  #hear(condition: Condition): void {
    if (condition === "mode-parameters-changed") this.doubtSettings();
    if (condition === "medium-changed") this.kept.forgetTape();
  }

  /** Another initiator has changed the mode parameters, of which the caller's settings may be some. */
  doubtSettings(): void {
    this.isOverwritable = undefined;
    this.kept.doubtForeign();
  }

  /** The drive may have been reset, and have forgotten what was set. */
  suspectReset(): void {
    this.mode.suspectReset();
    this.kept.doubt();
  }

  /**
   * What had no answer may have told that the drive's buffer is lost. No drive calls the place behind so many objects by a smaller number than the driver counts.
   */
  doubtBuffer(): void {
    this.buffer.doubt(this.proof.numberBehind(0) ?? this.count.object);
  }

  /** Ends the doubt: whether the tape stands `here`, where it has to. */
  settlePlace(expected: number | undefined, here: number | undefined): void {
    this.#isPlaceDoubted = false;
    if (this.#isLost || (expected !== undefined && expected === here)) return;
    this.lose(
      this.device.problem(
        "position-lost",
        "A command was called off or got no answer, and what the drive has said to it nobody heard",
      ),
    );
    this.deferLoss();
  }

  /** Where the tape stands is unknown from here on, because of `reason`. */
  lose(reason: unknown): void {
    this.count.forget();
    this.proof.land();
    if (reason instanceof TapeError && isNews(reason.kind)) this.partition.doubt();
    // Who is told that there is another is not told once more behind an outage.
    if (reason instanceof TapeError && reason.kind === "medium-changed") this.cartridge = undefined;
    if (reason instanceof TapeError && breaksPosition(reason.kind)) {
      this.#isUpheavalTold = true;
      this.onUpheaval(reason);
    }
    if (!this.#isLost) this.#lost = reason;
    this.#isLost = true;
  }

  /** The place is lost, and the operation in which that came to light does not need it: who goes on from there has to hear of it first. */
  deferLoss(): void {
    this.#isLossUntold = this.#isLost;
  }

  /**
   * Before anything that goes on from where the caller believes to be.
   *
   * @throws {PositionLostError} once, when that is lost and nobody was told.
   */
  tellLoss(doing: string): void {
    if (!this.#isLossUntold) return;
    this.#isLossUntold = false;
    throw this.lostError(doing);
  }

  /** A motion with a certain end brought the tape to where the caller wants it. */
  place(): void {
    this.#isLost =
      this.#isLossUntold =
      this.#isUpheavalTold =
      this.#isPlaceDoubted =
      this.isDoubtful =
      this.isNearEnd =
      this.hasEarlyWarning =
      this.hasProgrammableEarlyWarning =
        false;
    this.#lost = undefined;
    this.partition.place();
    this.proof.startRun();
  }

  /** The tape stands at the beginning of its partition. */
  placeAtBeginning(): void {
    this.place();
    this.count.setBeginning();
  }

  /** The drive has said that everything written is on tape. */
  synchronized(): void {
    this.buffer.empty();
    const { count, proof, ledger } = this;
    ledger.synchronize(proof.run, { object: count.object, number: proof.numberBehind(0) });
  }

  /** So many records and filemarks were written where the caller stands. */
  wrote(records: number, filemarks = 0): void {
    if (records > 0) this.count.passRecords(records);
    this.count.passFilemarks(filemarks);
    this.proof.pass(records);
    this.proof.passMarks(filemarks);
    this.ledger.wroteIn(this.proof.run);
  }

  /** The error that refuses a write while the position is unknown. */
  lostError(doing: string): PositionLostError {
    const { name } = this.device;
    return new PositionLostError(
      `Cannot ${doing} on ${name}: where the tape stands is not certain since the last error; rewind, locate or space to end of data first`,
      { cause: this.#lost, writes: this.ledger.outcome(this.buffer.isDirty) },
    );
  }

  /**
   * Runs a command that moves or writes the tape; when it fails other than by refusal, the position is unknown. So it is when `signal` called it off: its
   * reason may be any error, also one that another drive has refused something with.
   */
  async moving<T>(motion: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await motion();
    } catch (error) {
      if (error instanceof TransportLostError) this.doubtBuffer();
      if (isCalledOff(error, signal) || !keepsPosition(error)) this.lose(error);
      throw error;
    }
  }

  /** Runs what follows a command that has moved the tape: unless it succeeds, the position is unknown. */
  async arriving<T>(motion: () => Promise<T>): Promise<T> {
    try {
      return await motion();
    } catch (error) {
      this.lose(error);
      throw error;
    }
  }

  /** Where the caller stands by the driver's own count. */
  countedPosition(): TapePosition | undefined {
    const { object, file } = this.count;
    const partition = this.partition.certain;
    if (object === undefined || partition === undefined) return undefined;
    return {
      known: true,
      object,
      file,
      partition,
      beginningOfPartition: object === 0,
      endOfPartition: false,
      source: "counted",
    };
  }

  /**
   * What the drive calls the place that SPACE over blocks or LOCATE has led to, when nothing has gone by since; `undefined` where it does not say.
   *
   * @throws {TapeError} when it fails to answer.
   */
  async landing(signal?: AbortSignal): Promise<number | undefined> {
    const { proof } = this;
    if (proof.wantsLanding) proof.nameLanding(await this.#number(signal));
    return proof.landing;
  }

  /**
   * Asks what the drive calls the place where the next READ may be refused.
   *
   * @throws {TapeError} when it fails to answer.
   */
  async nameHere(signal?: AbortSignal): Promise<void> {
    if (this.proof.wantsName) this.proof.nameHere(await this.#number(signal));
  }

  async #number(signal?: AbortSignal): Promise<number | undefined> {
    try {
      return (await this.drivePosition.ask(signal))?.object;
    } catch (error) {
      // What the question was told, and its answer was lost, nobody tells again.
      const isUnanswered = error instanceof TapeError && error.kind === "transport-lost";
      if (isUnanswered && !this.device.isNexusLost) this.lose(error);
      throw error;
    }
  }

  /** Asks whether what is on the tape may be written over. */
  async learnOverwriting(): Promise<void> {
    if (this.isOverwritable !== undefined) return;
    try {
      this.isOverwritable = await canOverwrite(this.device);
    } catch (error) {
      if (!mayBePassedOver(error)) throw error;
      this.isOverwritable = false;
    }
  }

  /** Notes which cartridge is in the drive, by which it is known again after an outage. */
  async learnCartridge(signal?: AbortSignal): Promise<void> {
    this.isOverwritable = undefined;
    if (this.device.isRecoverable) this.cartridge = await readCartridge(this.device, signal);
  }

  /**
   * Another tape may have another block size, and a drive that was reset is given back the one that it had; a drive that cannot say now is asked again.
   *
   * @param noNews What the caller need not hear of.
   * @throws {TapeError} that says that the tape, or what the drive had buffered, is not what it was: nobody else would be told.
   */
  async freshen(noNews?: TapeErrorKind): Promise<void> {
    const { cartridge } = this;
    try {
      await this.mode.refresh();
      await this.learnCartridge();
      this.#tellExchange(cartridge, noNews);
      // A drive that was reset stands in the first one.
      if (this.partition.certain === undefined) await this.drivePosition.ask();
      await this.partition.learn();
    } catch (error) {
      this.mode.suspect();
      if (!(error instanceof TapeError)) throw error;
      if (isToldOnce(error.kind) && error.kind !== noNews) throw error;
    }
    await this.restore();
    await this.mode.giveBack();
    this.mode.tellChange();
  }

  /** The drive may have told of another cartridge to who had called its command off. */
  #tellExchange(before: string | undefined, noNews?: TapeErrorKind): void {
    const isDoubted = this.#isCartridgeDoubted;
    this.#isCartridgeDoubted = false;
    if (!isDoubted || before === undefined || noNews === "medium-changed") return;
    if (this.cartridge !== before) throw this.cartridgeChanged("while an answer was not heard");
  }

  /** The error of a drive that may have another tape than the caller has written; its position and block size are unknown from here on. */
  cartridgeChanged(when: string): MediumChangedError {
    const error = new MediumChangedError(
      `Cannot go on with ${this.device.name}: ${when} the tape may have been changed`,
      { writes: this.ledger.giveUpBuffer() },
    );
    this.buffer.empty();
    this.lose(error);
    this.mode.suspect();
    this.kept.forgetTape();
    return error;
  }

  /**
   * Sets anew what the drive may have forgotten after a reset or in a new session.
   *
   * @throws {TapeError} when that fails; it is tried again before the next operation.
   */
  async restore(): Promise<void> {
    try {
      for (const restorer of this.restorers) await restorer();
    } catch (error) {
      this.mode.suspect();
      throw error;
    }
  }

  /**
   * Before anything is written or erased: what was asked for that may have been told that another initiator has changed the caller's settings.
   *
   * @throws {TapeError} of kind `mode-parameters-changed` when it has.
   */
  async confirmSettings(): Promise<void> {
    if (this.kept.isDoubted) await this.kept.giveBack();
  }

  /** Takes in what an error that the caller gets next says of the drive, its buffer and the tape. */
  noteFailure(error: TapeError): void {
    if (this.buffer.isDirty && losesBuffer(error.kind)) {
      this.ledger.giveUpBuffer();
      // Told once, also where another reset comes behind it. After any other error what is left may still be flushed.
      if (isNews(error.kind)) this.buffer.empty();
    }
    if (breaksPosition(error.kind)) this.mode.suspect();
    if (error.kind === "reset") this.suspectReset();
    if (isNews(error.kind)) this.lose(error);
  }
}

/** Whether a failed command has certainly not moved the tape. */
export function isRefused(error: unknown, signal?: AbortSignal): boolean {
  return error instanceof TapeError && leavesTapeUnmoved(error.kind) && !isCalledOff(error, signal);
}

/** Whether a failed motion has left the tape where it was, or where the error says. */
function keepsPosition(error: unknown): boolean {
  if (error instanceof SpaceStoppedError || error instanceof VolumeOverflowError) return true;
  return error instanceof TapeError && leavesTapeUnmoved(error.kind);
}
