/**
 * Commands to a changer: sent until they are executed, and what comes back turned into errors of this layer.
 *
 * @module
 */

import { commandFacts, commandName } from "../scsi/command_table.ts";
import { DeviceType } from "../scsi/device_type.ts";
import {
  CheckConditionError,
  ScsiStatusError,
  ServiceDeliveryError,
  UnexpectedResponseError,
} from "../scsi/errors.ts";
import { isInformational } from "../scsi/execute.ts";
import type { Logger } from "../scsi/logger.ts";
import type {
  LogicalUnit,
  RecoverableLogicalUnit,
  ScsiCommand,
  ScsiResult,
} from "../scsi/logical_unit.ts";
import { decodeSense, describeSense, type Sense } from "../scsi/sense.ts";
import { SenseKey } from "../scsi/sense_codes.ts";
import { Status, statusName } from "../scsi/status.ts";
import { preventAllowCdb } from "./commands.ts";
import { changerError, failureOf, meaningOf, READ_AGAIN } from "./conditions.ts";
import { ChangerError, type ChangerErrorFacts } from "./errors.ts";
import { checkSignal } from "./option_rules.ts";
import type { MediaChangerOptions } from "./options.ts";

/** What a device is made with: the options with their defaults. */
export type ChangerDeviceOptions = Required<
  Pick<MediaChangerOptions, "readyPolling" | "timeouts" | "logger" | "sleep">
>;

/** Unit attentions that may wait, one of each kind. */
const MAX_ATTENTIONS = 10;
const MAX_BUSY = 30;
const BUSY_INTERVAL_MS = 1000;
const DEFAULT_INTERVAL_MS = 1000;
const DEFAULT_COUNT = 3600;

const PREVENT_ALLOW_MEDIUM_REMOVAL = 0x1e;
const POWER_ON_OR_RESET = 0x29;
const BECOMING_READY: ReadonlySet<number> = new Set([0x0400, 0x0401, 0x0407]);

/** Makes sure that a command is still what the caller wants. */
export type Confirm = () => Promise<void>;

/** What was asked in vain so far. */
interface Patience {
  attentions: number;
  busy: number;
  polls: number;
}

/** A changer's logical unit, with what is common to all commands to it. */
export class ChangerDevice implements LogicalUnit {
  readonly name: string;
  readonly #unit: LogicalUnit;
  readonly #options: ChangerDeviceOptions;
  /** How often the changer has said that cartridges were changed. */
  #changes = 0;
  /** How many of these the caller knows of. */
  #toldChanges = 0;
  /** Resets and new nexuses, behind which a changer need not say what was changed before. */
  #gaps = 0;
  /** How many of these the inventory was read behind. */
  #bridgedGaps = 0;
  #isLocked = false;
  /** A reset or a new nexus has undone the lock. */
  #isLockDue = false;

  constructor(unit: LogicalUnit, options: ChangerDeviceOptions) {
    this.name = unit.name;
    this.#unit = unit;
    this.#options = options;
  }

  /** Rises whenever what was read before may no longer be so. */
  get upheavals(): number {
    return this.#changes + this.#gaps;
  }

  /** Whether there was a reset or a lost connection since the inventory was read. */
  get isBehindGap(): boolean {
    return this.#bridgedGaps !== this.#gaps;
  }

  /** Where to log. */
  get logger(): Logger {
    return this.#options.logger;
  }

  close(): Promise<void> {
    return this.#unit.close();
  }

  /**
   * Sends a command until it is executed: again after a unit attention, while the changer is busy or becoming ready,
   * and over a new connection where that cannot do a thing twice.
   *
   * @param confirm Called before the command goes out behind a reset or a lost connection; what it throws ends it.
   * @throws {InventoryChangedError} when a command that moves something met a unit attention that says that cartridges
   * were changed: it was not executed.
   * @throws {MoveOutcomeUnknownError} when such a command got no answer.
   * @throws {ServiceDeliveryError} when another command got none.
   */
  async execute(command: ScsiCommand, confirm?: Confirm): Promise<ScsiResult> {
    const patience: Patience = { attentions: 0, busy: 0, polls: 0 };
    for (;;) {
      await this.#prepare(command, confirm);
      const result = await this.#deliver(command, confirm);
      if (result.status === Status.Good || !await this.#mayRepeat(command, result, patience)) {
        return result;
      }
    }
  }

  /**
   * Executes a command, and insists that it succeeds.
   *
   * @throws {ChangerError} of the class that belongs to the answer; see {@linkcode execute} for the others.
   */
  async perform(command: ScsiCommand, confirm?: Confirm): Promise<ScsiResult> {
    checkSignal(command.signal);
    const result = await this.execute(command, confirm);
    if (result.status === Status.Good) return result;
    const sense = senseOf(result);
    if (sense !== undefined && isInformational(sense)) return result;
    if (isAborted(result.status, sense) && !isRepeatable(command.cdb)) {
      const said = sense === undefined ? statusName(result.status) : describeSense(sense);
      throw this.#unknown(command, said, { sense });
    }
    throw failureOf({ command: nameOf(command.cdb), unitName: this.name }, result.status, sense);
  }

  /** Keeps the operator out, again after a reset or a lost connection, or lets him in. Errors as {@linkcode perform}. */
  async lock(isLocked: boolean, signal?: AbortSignal): Promise<void> {
    await this.perform({ cdb: preventAllowCdb(isLocked), signal });
    this.#isLocked = isLocked;
    this.#isLockDue = false;
  }

  /** What is where has been read for the caller, who knows of every change so far. */
  tellChanges(): void {
    this.#toldChanges = this.#changes;
    this.#bridgedGaps = this.#gaps;
  }

  /**
   * Keeps a move from being made by a caller who does not know of a change that another command has met.
   *
   * @throws {InventoryChangedError} once for each change.
   */
  checkTold(cdb: Uint8Array): void {
    if (this.#toldChanges === this.#changes) return;
    throw this.changed(cdb, "somebody has put cartridges in or taken some out meanwhile");
  }

  /** What tells the caller that a move was not made, because what is where is not what it was. */
  changed(cdb: Uint8Array, why: string): ChangerError {
    this.tellChanges();
    const command = nameOf(cdb);
    const message = `${command} on ${this.name}: ${why}`;
    return changerError("inventory-changed", message, { command, advice: READ_AGAIN });
  }

  /**
   * Runs a function of the SPC layer on this unit and turns its errors into ours.
   *
   * @throws {ChangerError} of the class that belongs to the changer's answer.
   */
  async consult<T>(ask: (unit: LogicalUnit) => Promise<T>): Promise<T> {
    try {
      return await ask(this);
    } catch (error) {
      throw this.#translated(error);
    }
  }

  /** The error of this layer for one of the SPC layer's. */
  #translated(error: unknown): unknown {
    if (error instanceof ScsiStatusError) {
      const sense = error instanceof CheckConditionError ? error.sense : undefined;
      const what = { command: error.commandName, unitName: this.name, cause: error };
      return failureOf(what, error.status, sense);
    }
    if (!(error instanceof UnexpectedResponseError)) return error;
    const facts = { command: error.commandName, cause: error };
    return new ChangerError("unexpected-response", error.message, facts);
  }

  async #deliver(command: ScsiCommand, confirm?: Confirm): Promise<ScsiResult> {
    const timeoutMs = command.timeoutMs ?? this.#options.timeouts[command.cdb[0]];
    const timed = timeoutMs === undefined ? command : { ...command, timeoutMs };
    try {
      return await this.#unit.execute(timed);
    } catch (error) {
      if (!(error instanceof ServiceDeliveryError)) throw error;
      return await this.#deliverAgain(timed, error, confirm);
    }
  }

  /** Once more, over a new connection, unless the first time may have moved something. */
  async #deliverAgain(
    command: ScsiCommand,
    lost: ServiceDeliveryError,
    confirm?: Confirm,
  ): Promise<ScsiResult> {
    if (lost.outcome === "unknown" && !isRepeatable(command.cdb)) {
      throw this.#unanswered(command, lost);
    }
    if (!isRecoverable(this.#unit) || !this.#unit.nexusLost) throw lost;
    this.logger.warn("Connecting to {name} again: {error}", {
      name: this.name,
      error: lost.message,
    });
    await this.#unit.reestablish(command.signal);
    this.#noteGap();
    await this.#prepare(command, confirm);
    try {
      return await this.#unit.execute(command);
    } catch (error) {
      const isOpen = error instanceof ServiceDeliveryError && error.outcome === "unknown";
      throw isOpen && !isRepeatable(command.cdb) ? this.#unanswered(command, error) : error;
    }
  }

  #noteGap(): void {
    this.#gaps++;
    this.#isLockDue = this.#isLocked;
  }

  async #prepare({ cdb, signal }: ScsiCommand, confirm?: Confirm): Promise<void> {
    if (this.#isLockDue && cdb[0] !== PREVENT_ALLOW_MEDIUM_REMOVAL) await this.lock(true, signal);
    if (confirm === undefined || !this.isBehindGap) return;
    await confirm();
    this.#bridgedGaps = this.#gaps;
  }

  /** Nobody knows whether a command that moves something was carried out. */
  #unknown({ cdb }: ScsiCommand, why: string, facts: ChangerErrorFacts): ChangerError {
    const command = nameOf(cdb);
    const advice = "read the inventory to see whether the cartridge was moved";
    const message = `${command} on ${this.name}: ${why}`;
    return changerError("outcome-unknown", message, { ...facts, command, advice });
  }

  #unanswered(command: ScsiCommand, cause: ServiceDeliveryError): ChangerError {
    return this.#unknown(command, `got no answer: ${cause.message}`, { cause });
  }

  /** Whether the command was not executed and should be sent again; waits first where that is due. */
  async #mayRepeat(
    { cdb, signal }: ScsiCommand,
    result: ScsiResult,
    patience: Patience,
  ): Promise<boolean> {
    if (result.status === Status.Busy || result.status === Status.TaskSetFull) {
      if (patience.busy++ >= MAX_BUSY) return false;
      await this.#options.sleep(BUSY_INTERVAL_MS, signal);
      return true;
    }
    const sense = senseOf(result);
    if (sense === undefined || sense.format === "none" || sense.deferred) return false;
    if (sense.key === SenseKey.UnitAttention) return this.#hears(cdb, sense, patience);
    if (sense.key !== SenseKey.NotReady) return false;
    return await this.#waits(sense, patience, signal);
  }

  #hears(cdb: Uint8Array, sense: Sense, patience: Patience): boolean {
    this.logger.info("Unit attention on {name}: {sense}", {
      name: this.name,
      sense: describeSense(sense),
    });
    if (sense.asc === POWER_ON_OR_RESET) this.#noteGap();
    const isChange = meaningOf(sense).kind === "inventory-changed";
    if (isChange) this.#changes++;
    // What the caller wants moved may no longer be there.
    const concerns = isChange && !isRepeatable(cdb);
    if (concerns) this.tellChanges();
    return !concerns && patience.attentions++ < MAX_ATTENTIONS;
  }

  async #waits(sense: Sense, patience: Patience, signal?: AbortSignal): Promise<boolean> {
    const { intervalMs = DEFAULT_INTERVAL_MS, count = DEFAULT_COUNT } = this.#options.readyPolling;
    if (!BECOMING_READY.has((sense.asc << 8) | sense.ascq) || patience.polls >= count) return false;
    if (patience.polls++ === 0) {
      this.logger.info("Waiting for {name}: {sense}", {
        name: this.name,
        sense: describeSense(sense),
      });
    }
    await this.#options.sleep(intervalMs, signal);
    return true;
  }
}

function senseOf({ status, sense }: ScsiResult): Sense | undefined {
  return status === Status.CheckCondition ? decodeSense(sense) : undefined;
}

/** Whether the changer has given a command up, perhaps in the middle of it. */
function isAborted(status: number, sense: Sense | undefined): boolean {
  if (status === Status.TaskAborted) return true;
  return sense !== undefined && sense.format !== "none" && !sense.deferred &&
    sense.key === SenseKey.AbortedCommand;
}

function nameOf(cdb: Uint8Array): string {
  return commandName(cdb, { deviceType: DeviceType.Changer });
}

function isRepeatable(cdb: Uint8Array): boolean {
  return commandFacts(cdb, { deviceType: DeviceType.Changer }).repeatable;
}

function isRecoverable(unit: LogicalUnit): unit is RecoverableLogicalUnit {
  return "reestablish" in unit;
}
