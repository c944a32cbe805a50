/**
 * Sending commands to the drive, and what its answers mean.
 *
 * @module
 */

import type { Logger } from "../scsi/logger.ts";
import { requestSenseCdb } from "../scsi/cdb.ts";
import { commandFacts, commandName } from "../scsi/command_table.ts";
import { DeviceType } from "../scsi/device_type.ts";
import {
  CheckConditionError,
  ScsiStatusError,
  ServiceDeliveryError,
  UnexpectedResponseError,
} from "../scsi/errors.ts";
import type {
  LogicalUnit,
  RecoverableLogicalUnit,
  ScsiCommand,
  ScsiResult,
} from "../scsi/logical_unit.ts";
import { decodeSense, describeSense, type Sense } from "../scsi/sense.ts";
import { Status, statusName } from "../scsi/status.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { isCalledOff } from "./abort.ts";
import {
  type Condition,
  conditionOf,
  conditionOfStatus,
  errorFor,
  isDone,
  isNews,
  losesBuffer,
} from "./conditions.ts";
import { TapeError, type TapeErrorFacts, TransportLostError } from "./errors.ts";
import { type DriveNotice, wantsCleaning } from "./notice.ts";

/** An answer, and what it means. */
export interface Reply {
  readonly cdb: Uint8Array;
  readonly status: number;
  readonly sense?: Sense;
  readonly condition: Condition;
  readonly dataInLength: number;
  readonly residual: number;
  /** Good answers with data that had come before. */
  readonly goodBefore: number;
}

/** What a {@link Device} asks of the one that it works for. */
export interface DeviceEvents {
  /** The drive has said this, whoever hears of it. */
  heard(condition: Condition): void;
  /** A command failed; the error goes to the caller next. */
  failed(error: TapeError): void;
  /** Whether something that the drive called written may still be in its buffer alone. */
  isBuffered(): boolean;
  /** A command was called off, or got no answer on a connection that stands: what the drive has said to it, if anything, nobody heard. */
  unheard(): void;
  /** Another initiator changed the mode parameters; the command that learned it was not executed. Whether what is sent next still means the same. */
  modeChanged(): Promise<boolean>;
  /** What an error of this meaning tells beside itself: where the caller stands, and what became of what was written. */
  facts(condition: Condition): Pick<TapeErrorFacts, "position" | "writes">;
}

/** Options of a {@link Device}. */
export interface DeviceOptions {
  readonly logger: Logger;
  /** Milliseconds until a command is given up, by operation code. */
  readonly timeouts: Readonly<Record<number, number>>;
  /** Waits, ending with the signal's reason when that aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Told what the drive says beside the outcome of commands. */
  readonly notify?: (notice: DriveNotice) => void;
}

/** A drive that is busy with another initiator's command answers BUSY; it is asked again for up to ten seconds. */
const BUSY_TRIES = 50;
const BUSY_INTERVAL_MS = 200;

/** Unit attentions in a row that one command may meet: one of each kind may be pending (SAM-5 §5.14). */
export const ATTENTION_TRIES = 10;

/** A command that an error on the way has spoiled is sent again so often, if it may be done twice. */
const ABORTED_TRIES = 3;

const NONE: ReadonlySet<Condition> = new Set();

/** The most that sense data can be (SPC-5 §4.4.1). */
const SENSE_BYTES = 252;
const NO_BYTES = new Uint8Array(0);

function isRecoverable(unit: LogicalUnit): unit is RecoverableLogicalUnit {
  return "reestablish" in unit;
}

/** Commands to one drive. */
export class Device {
  readonly #unit: LogicalUnit;
  /** What carries the commands: the unit, or what watches over it. */
  #way: LogicalUnit;
  #learnedTimeouts: Readonly<Record<number, number>> = {};
  /** T10 vendor identification, as soon as it is known: some codes are a vendor's own. */
  vendor = "";
  readonly #options: DeviceOptions;
  readonly #events: DeviceEvents;
  /** The drive as SPC's command functions see it: busy answers and attentions are dealt with underneath. */
  readonly guarded: LogicalUnit;
  /** Commands without an answer yet, and commands sent at all. */
  #underWay = 0;
  #sent = 0;
  /** Good answers with data so far. */
  #good = 0;
  /** The answer that the last medium or hardware error was made of. */
  #lastFailure: Reply | undefined;
  #isCleaningTold = false;

  constructor(unit: LogicalUnit, events: DeviceEvents, options: DeviceOptions) {
    this.#unit = this.#way = unit;
    this.#events = events;
    this.#options = options;
    this.guarded = {
      name: unit.name,
      execute: (command) => this.#executeGuarded(command),
      close: () => unit.close(),
    };
  }

  get name(): string {
    return this.#unit.name;
  }

  get logger(): Logger {
    return this.#options.logger;
  }

  /** See {@link DeviceOptions}. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#options.sleep(ms, signal);
  }

  /** See {@link DeviceOptions}. */
  notify(notice: DriveNotice): void {
    this.#options.notify?.(notice);
  }

  close(): Promise<void> {
    return this.#unit.close();
  }

  /** Sends commands another way from here on: by what `wrap` makes of the unit. Nothing may be under way. */
  reroute(wrap: (unit: LogicalUnit) => LogicalUnit): void {
    this.#way = wrap(this.#unit);
  }

  /** Milliseconds that the drive itself gives its commands, by operation code; the caller's own wishes go before. */
  learnTimeouts(timeouts: Readonly<Record<number, number>>): void {
    this.#learnedTimeouts = timeouts;
  }

  /** Milliseconds until a command is given up. */
  timeoutMs(cdb: Uint8Array): number {
    return this.#ownTimeout(cdb) ?? commandFacts(cdb, { deviceType: DeviceType.Tape }).timeoutMs;
  }

  /** Whether a lost connection can be set up again at all. */
  get isRecoverable(): boolean {
    return isRecoverable(this.#unit);
  }

  /** Whether the connection is lost and can be set up again. */
  get isNexusLost(): boolean {
    return isRecoverable(this.#unit) && this.#unit.nexusLost;
  }

  /**
   * Sets up a lost connection again; nothing is sent a second time.
   *
   * @throws {TransportLostError} when that fails for good; or the signal's reason.
   */
  async reestablish(signal?: AbortSignal): Promise<void> {
    if (!isRecoverable(this.#unit)) return;
    try {
      await this.#unit.reestablish(signal);
    } catch (error) {
      if (!(error instanceof ServiceDeliveryError)) throw error;
      const facts = { cause: error, ...this.#events.facts("transport-lost") };
      throw new TransportLostError(`Lost the connection to ${this.name}: ${error.message}`, facts);
    }
  }

  /**
   * Sends a command once, whatever comes back.
   *
   * @throws {TransportLostError} when no status came back; or the signal's reason.
   */
  send(command: ScsiCommand): Promise<Reply> {
    return this.#execute(command, this.#reply);
  }

  readonly #reply = ({ cdb, dataOut }: ScsiCommand, result: ScsiResult): Reply => {
    const { dataInLength, residual, status } = result;
    const goodBefore = this.#good;
    if (status === Status.Good) {
      if (dataInLength > 0 || dataOut !== undefined) this.#good++;
      return { cdb, status, condition: "good", dataInLength, residual, goodBefore };
    }
    const sense = status === Status.CheckCondition ? decodeSense(result.sense) : undefined;
    const condition = conditionOfStatus(status, sense);
    this.#events.heard(condition);
    if (sense !== undefined) this.#listen(sense, condition);
    return { cdb, status, sense, condition, dataInLength, residual, goodBefore };
  };

  /**
   * Sends a command until it is executed: again when the drive was busy, or first had to report something that has nothing to do with it.
   * Resolves when the answer is good or one of `expected`.
   *
   * @throws {TapeError} of the class that belongs to any other answer.
   */
  async perform(
    command: ScsiCommand,
    expected: ReadonlySet<Condition> = NONE,
  ): Promise<Reply> {
    const reply = await this.attempt(command);
    const { condition } = reply;
    if (isDone(condition) || expected.has(condition)) {
      return reply;
    }
    throw this.fail(reply);
  }

  /** Like {@linkcode perform}, but resolves whatever the answer to the executed command is. */
  async attempt(command: ScsiCommand): Promise<Reply> {
    for (let tries = 1;; tries++) {
      const reply = await this.send(command);
      if (!await this.mayRepeat(reply, tries, command.signal)) return reply;
    }
  }

  /**
   * Like {@linkcode attempt}, but throws what the caller has to hear of, whichever command is told it: also that another initiator has set another block size, and
   * that the drive could not write out its buffer, which a motion begins with.
   */
  async probe(command: ScsiCommand): Promise<Reply> {
    const reply = await this.attempt(command);
    const { condition } = reply;
    const isLoss = this.#events.isBuffered() && losesBuffer(condition);
    const isOtherMode = condition === "mode-parameters-changed";
    if (isNews(condition) || isLoss || isOtherMode) throw this.fail(reply);
    return reply;
  }

  /** The error that an answer amounts to. */
  failure(reply: Reply): TapeError {
    const { cdb, status, sense, condition } = reply;
    const command = commandName(cdb, { deviceType: DeviceType.Tape });
    const said = sense === undefined ? statusName(status) : this.#describe(sense);
    const isPersistent = this.#isSameAgain(reply);
    const advice = isPersistent ? PERSISTENT_ADVICE : "";
    const facts = { command, sense, isPersistent, ...this.#events.facts(condition) };
    return errorFor(condition, `${command} on ${this.name}: ${said}${advice}`, facts);
  }

  /**
   * Whether it is the last medium or hardware error once more, with nothing good between: a drive keeps those up until it is unloaded. Counted here, not as answers
   * come, for READs sent ahead meet the same bad place before anybody has heard of it.
   */
  #isSameAgain(reply: Reply): boolean {
    const { condition, sense, goodBefore } = reply;
    if (condition !== "medium-error" && condition !== "hardware-error") return false;
    const last = this.#lastFailure;
    this.#lastFailure = reply;
    if (last === undefined || last === reply || last.goodBefore !== goodBefore) return false;
    return codeOf(last.sense!) === codeOf(sense!);
  }

  /** The error that an answer amounts to, which the caller gets next. */
  fail(reply: Reply): TapeError {
    const error = this.failure(reply);
    this.#events.failed(error);
    return error;
  }

  /** The same of sense data that was asked for. */
  failSensed(sense: Sense): TapeError {
    const cdb = requestSenseCdb(SENSE_BYTES);
    const answer = { cdb, status: Status.CheckCondition, dataInLength: 0, residual: 0 };
    const condition = conditionOf(sense);
    this.#events.heard(condition);
    return this.fail({ ...answer, sense, condition, goodBefore: this.#good });
  }

  /** An error that the driver itself finds, with the position it stood at. */
  problem(kind: TapeError["kind"], message: string): TapeError {
    return errorFor(kind, `${message} (${this.name})`, this.#events.facts(kind));
  }

  /**
   * Runs a function of the SPC layer on {@linkcode guarded} and turns its errors into ours.
   *
   * @throws {TapeError} of the class that belongs to the drive's answer.
   */
  async consult<T>(ask: (unit: LogicalUnit) => Promise<T>): Promise<T> {
    try {
      return await ask(this.guarded);
    } catch (error) {
      const translated = this.#translate(error);
      if (translated !== error) this.#events.failed(translated as TapeError);
      throw translated;
    }
  }

  #translate(error: unknown): unknown {
    if (error instanceof ScsiStatusError) {
      const sense = error instanceof CheckConditionError ? error.sense : undefined;
      const condition = conditionOfStatus(error.status, sense);
      const told = this.#events.facts(condition);
      const facts = { command: error.commandName, sense, cause: error, ...told };
      return errorFor(condition, error.message, facts);
    }
    if (error instanceof UnexpectedResponseError) {
      const facts = { command: error.commandName, cause: error };
      return new TapeError("unexpected-response", error.message, facts);
    }
    return error;
  }

  async #executeGuarded(command: ScsiCommand): Promise<ScsiResult> {
    for (let tries = 1;; tries++) {
      const result = await this.#execute(command, resultOf);
      if (result.status === Status.Good) return result;
      const sense = decodeSense(result.sense);
      const condition = conditionOfStatus(result.status, sense);
      this.#events.heard(condition);
      const reply = { cdb: command.cdb, ...result, sense, condition, goodBefore: this.#good };
      if (!await this.mayRepeat(reply, tries, command.signal)) return result;
    }
  }

  /** Resolves to what `understood` makes of the answer. */
  async #execute<T>(
    command: ScsiCommand,
    understood: (command: ScsiCommand, result: ScsiResult) => T,
  ): Promise<T> {
    // What is called off already is not sent.
    const isSent = command.signal?.aborted !== true;
    const timeoutMs = command.timeoutMs ?? this.#ownTimeout(command.cdb);
    const isAlone = this.#underWay++ === 0;
    const number = ++this.#sent;
    try {
      const result = await this.#way.execute(
        timeoutMs === undefined ? command : { ...command, timeoutMs },
      );
      const isUnexplained = result.status === Status.CheckCondition && result.sense.length === 0;
      // Kept for the nexus until its next command (SAM-5 §5.14), so it can be fetched only where nothing has come between.
      if (!isUnexplained || !isAlone || number !== this.#sent) return understood(command, result);
      return understood(command, { ...result, sense: await this.#fetchSense() });
    } catch (error) {
      if (isSent && (isCalledOff(error, command.signal) || this.#isUnanswered(error))) {
        this.#events.unheard();
      }
      throw this.#deliveryFailure(command, error);
    } finally {
      this.#underWay--;
    }
  }

  /** Whether a command got no answer on a connection that stands: what the drive has told in it, it does not tell again. */
  #isUnanswered(error: unknown): boolean {
    if (!(error instanceof ServiceDeliveryError) || this.isNexusLost) return false;
    return error.outcome !== "not-executed";
  }

  #ownTimeout(cdb: Uint8Array): number | undefined {
    return this.#options.timeouts[cdb[0]] ?? this.#learnedTimeouts[cdb[0]];
  }

  /** Asks for the sense data that should have come with CHECK CONDITION. Empty when there is none either way. */
  async #fetchSense(): Promise<Uint8Array> {
    const dataIn = new Uint8Array(SENSE_BYTES);
    const cdb = requestSenseCdb(SENSE_BYTES);
    const { status, dataInLength } = await this.#way.execute({ cdb, dataIn });
    const sense = decodeSense(dataIn.subarray(0, dataInLength));
    const saysNothing = sense.key === SenseKey.NoSense && sense.asc === 0 && sense.ascq === 0 &&
      !sense.filemark && !sense.endOfMedium && !sense.incorrectLength;
    return status === Status.Good && !saysNothing ? sense.raw : NO_BYTES;
  }

  #deliveryFailure(command: ScsiCommand, error: unknown): unknown {
    if (!(error instanceof ServiceDeliveryError)) return error;
    const name = commandName(command.cdb, { deviceType: DeviceType.Tape });
    const facts = { command: name, cause: error, ...this.#events.facts("transport-lost") };
    const fate = error.outcome === "not-executed" ? "never reached the drive" : "got no answer";
    return new TransportLostError(`${name} on ${this.name}: ${fate}: ${error.message}`, facts);
  }

  /**
   * Asks what the drive has to say, which takes a unit attention off it and tells of that. Resolves to `undefined` when the drive does not answer.
   *
   * @throws {TransportLostError} when no status came back; or the signal's reason.
   */
  async askSense(signal?: AbortSignal): Promise<Sense | undefined> {
    const dataIn = new Uint8Array(SENSE_BYTES);
    const reply = await this.send({ cdb: requestSenseCdb(SENSE_BYTES), dataIn, signal });
    const isAnswer = reply.condition === "good";
    const sense = isAnswer ? decodeSense(dataIn.subarray(0, reply.dataInLength)) : reply.sense;
    if (sense === undefined) return undefined;
    if (isAnswer) this.#hearOfCleaning(sense);
    if (conditionOf(sense) === "attention") this.tellAttention(sense);
    return sense;
  }

  /** Tells of a unit attention that the caller can go on after. */
  tellAttention(sense: Sense): void {
    const message = this.#describe(sense);
    this.logger.info("Unit attention on {name}: {message}", { name: this.name, message });
    this.notify({ kind: "attention", sense, message });
  }

  /** Whether the command was not executed and should be sent again; waits first where that is due. */
  async mayRepeat(reply: Reply, tries: number, signal?: AbortSignal): Promise<boolean> {
    const { condition, cdb } = reply;
    if (condition === "busy") return tries < BUSY_TRIES && await this.#waitForBusy(signal);
    if (condition === "attention") {
      this.tellAttention(reply.sense!);
      return tries < ATTENTION_TRIES;
    }
    if (condition === "aborted-command") return tries < ABORTED_TRIES && isRepeatable(cdb);
    if (condition !== "mode-parameters-changed" || tries >= ATTENTION_TRIES) return false;
    return await this.#events.modeChanged() && isRepeatable(cdb);
  }

  async #waitForBusy(signal?: AbortSignal): Promise<boolean> {
    await this.sleep(BUSY_INTERVAL_MS, signal);
    return true;
  }

  /** Takes in what an answer says beside its meaning. */
  #listen(sense: Sense, condition: Condition): void {
    this.#hearOfCleaning(sense);
    const isRemark = condition === "informational" ||
      // A record of another length than asked for, say, that was hard to read besides.
      (sense.key === SenseKey.RecoveredError && sense.asc !== 0 && !sense.deferred);
    if (isRemark && sense.format !== "none") {
      this.notify({ kind: "recovered", sense, message: this.#describe(sense) });
    }
  }

  #describe(sense: Sense): string {
    return describeSense(sense, { vendor: this.vendor });
  }

  #hearOfCleaning(sense: Sense): void {
    if (!wantsCleaning(sense) || this.#isCleaningTold) return;
    this.#isCleaningTold = true;
    this.logger.warn("{name} wants to be cleaned", { name: this.name });
    this.notify({ kind: "cleaning" });
  }
}

function resultOf(_: ScsiCommand, result: ScsiResult): ScsiResult {
  return result;
}

function isRepeatable(cdb: Uint8Array): boolean {
  return commandFacts(cdb, { deviceType: DeviceType.Tape }).repeatable;
}

const PERSISTENT_ADVICE =
  "; the same error again: unload the tape, and for a hardware error switch the drive off and on, before trying anything else";

function codeOf({ key, asc, ascq }: Sense): number {
  return (key << 16) | (asc << 8) | ascq;
}
