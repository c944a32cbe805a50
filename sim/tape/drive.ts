/**
 * The simulated tape drive: an SSC-4 device server on a medium.
 *
 * @module
 */

import { DeviceType } from "../../scsi/device_type.ts";
import { Status } from "../../scsi/status.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../device_server.ts";
import { tapePersonalities, type TapePersonality } from "../personality.ts";
import { refusal, RESERVED } from "./commands/admission.ts";
import type { BlockLimits } from "./block_limits.ts";
import { CommandLog, type LoggedCommand } from "./command_log.ts";
import { CommandSet } from "./commands/command_set.ts";
import { type Condition, Conditions, failed, type Outcome } from "./conditions.ts";
import type { DriveQuirks } from "./drive_quirks.ts";
import { DriveState, type LoadDelay } from "./drive_state.ts";
import { type InjectedAnswer, InjectedAnswers } from "./injected_answers.ts";
import { type Medium, MediumError } from "./medium.ts";
import { autosense } from "./commands/sense_report.ts";
import { listObjects, type TapeObject } from "./tape_object.ts";
import { type UnitAttentionOptions, UnitAttentions } from "./unit_attentions.ts";

/** Options of a {@link SimulatedDrive}. */
export interface SimulatedDriveOptions {
  /**
   * The cartridge in the drive, loaded and ready, standing where it stood when it was last used. The drive closes it.
   *
   * @default none: NOT READY, medium not present
   */
  readonly medium?: Medium;
  /** Which model it passes for. @default `tapePersonalities.generic` */
  readonly personality?: TapePersonality;
  /** Serial number, ASCII. @default "SIM0000001" */
  readonly serialNumber?: string;
  /** Which record lengths it takes. @default the personality's */
  readonly blockLimits?: BlockLimits;
  /**
   * Native capacity in bytes: records count their length, filemarks 4 bytes.
   *
   * @default the cartridge's, or what the personality has for its density
   */
  readonly capacityBytes?: number;
  /**
   * Bytes before the end of the partition from which on every write reports early warning.
   *
   * @default 2 % of the capacity, at most 10^9
   */
  readonly earlyWarningBytes?: number;
  /** Refuses to write whatever the cartridge says. @default false */
  readonly writeProtected?: boolean;
  /** Which unit attentions a new nexus finds. @default 29/00 the first time, 29/07 when it comes back */
  readonly unitAttentions?: UnitAttentionOptions;
  /** How long it takes to become ready after a load. @default no time */
  readonly loadDelay?: LoadDelay;
  /** Whether LOGICAL UNIT RESET rewinds the tape, as many drives do. @default true */
  readonly rewindOnReset?: boolean;
  /** Departures from the standard. @default none */
  readonly quirks?: DriveQuirks;
  /** Milliseconds that pass, for `loadDelay`. @default a clock that stands still */
  readonly clock?: () => number;
  /** How many commands {@linkcode SimulatedDrive.commands} keeps. @default 256 */
  readonly commandLogLength?: number;
}

/** Where a tape stands. */
export interface SimulatedPosition {
  /** Partition number. */
  readonly partition: number;
  /** Number of the next object. */
  readonly object: number;
}

/**
 * A tape drive that exists in this process alone. It answers SCSI commands as an LTO drive does (SSC-4, SPC-5), and
 * lets a test look at the tape, put errors in, and change cartridges.
 */
export class SimulatedDrive implements DeviceServer {
  readonly deviceType: number = DeviceType.Tape;
  readonly #drive: DriveState;
  readonly #commandSet: CommandSet;
  readonly #log: CommandLog;
  readonly #injected = new InjectedAnswers();
  readonly #rewindOnReset: boolean;

  /** Makes a drive, with a cartridge in it when `medium` is given. */
  constructor(options: SimulatedDriveOptions = {}) {
    const {
      medium,
      personality = tapePersonalities.generic,
      serialNumber = "SIM0000001",
      blockLimits = personality.blockLimits,
      capacityBytes,
      earlyWarningBytes,
      writeProtected = false,
      unitAttentions,
      loadDelay = {},
      rewindOnReset = true,
      quirks = {},
      clock = () => 0,
      commandLogLength = 256,
    } = options;
    this.#drive = new DriveState({
      personality,
      serialNumber,
      blockLimits,
      capacityBytes,
      earlyWarningBytes,
      writeProtected,
      attentions: new UnitAttentions(unitAttentions),
      loadDelay,
      quirks,
      clock,
    });
    this.#commandSet = new CommandSet(quirks);
    this.#log = new CommandLog(commandLogLength);
    this.#rewindOnReset = rewindOnReset;
    if (medium !== undefined) this.#drive.resume(medium);
  }

  dataOutLength(cdb: Uint8Array): number {
    const command = this.#commandSet.find(cdb);
    if (!("execute" in command)) return 0;
    return command.dataOutLength?.(cdb, this.#drive) ?? 0;
  }

  /** Executes a command, at once. */
  execute(task: Task): TaskResult {
    const replacement = this.#injected.take(this.#drive, task.cdb[0]);
    const own = replacement?.execute === false ? undefined : this.#perform(task);
    const result = replacement?.result ?? own as TaskResult;
    this.#log.add({
      cdb: new Uint8Array(task.cdb),
      initiatorName: task.nexus.initiatorName,
      status: result.status,
      sense: result.sense,
    });
    return result;
  }

  nexusEstablished(nexus: Nexus): void {
    this.#drive.attentions.establish(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.#drive.attentions.lose(nexus);
    this.#drive.preventing.delete(nexus);
    if (this.#drive.reservedBy === nexus) this.#drive.reservedBy = undefined;
  }

  reset(): void {
    const drive = this.#drive;
    drive.preventing.clear();
    drive.reservedBy = undefined;
    drive.deferredErrors.length = 0;
    drive.modes.reset();
    if (this.#rewindOnReset) drive.returnToBeginning();
    drive.attentions.raise(Conditions.deviceReset);
  }

  /**
   * Writes back where the tape stands, and closes the cartridge.
   *
   * @throws {MediumError} when writing back fails; the cartridge is closed all the same.
   */
  // deno-lint-ignore require-await -- a failure must reject, not throw
  async close(): Promise<void> {
    const drive = this.#drive;
    const { medium } = drive;
    try {
      drive.flush();
    } finally {
      drive.unload();
      medium?.close();
    }
  }

  /** Where the tape stands; `undefined` without a loaded cartridge. */
  get position(): SimulatedPosition | undefined {
    if (!this.#drive.loaded) return undefined;
    return { partition: this.#drive.partitionNumber, object: this.#drive.object };
  }

  /** The cartridge in the drive. */
  get medium(): Medium | undefined {
    return this.#drive.medium;
  }

  /** The last commands, oldest first. The array is the caller's. */
  get commands(): readonly LoggedCommand[] {
    return this.#log.list();
  }

  /** Forgets the commands so far. */
  clearCommands(): void {
    this.#log.clear();
  }

  /** What is on the tape. The bytes of the records are for reading only. Empty without a cartridge. */
  objects(partition = 0): TapeObject[] {
    const sequence = this.#drive.medium?.partitions[partition];
    return sequence === undefined ? [] : listObjects(sequence);
  }

  /** Answers one of the commands to come otherwise. */
  inject(answer: InjectedAnswer): void {
    this.#injected.add(answer);
  }

  /** Puts an error of an earlier command in the place of the next command that may report one. */
  injectDeferredError(condition: Condition): void {
    this.#drive.deferredErrors.push({ ...condition, deferred: true });
  }

  /** Raises a unit attention for every nexus. */
  raiseUnitAttention(asc: number, ascq: number): void {
    this.#drive.attentions.raise({ key: Conditions.powerOn.key, asc, ascq });
  }

  /** Raises a TapeAlert flag, 1 to 64; reading log page 2Eh lowers it. */
  raiseTapeAlert(flag: number): void {
    this.#drive.tapeAlerts.add(flag);
  }

  /** Puts a cartridge in, and loads it; every nexus gets 28/00. A cartridge that was in the drive is ejected first. */
  insert(medium: Medium): void {
    this.eject();
    this.#drive.insert(medium);
  }

  /**
   * Takes the cartridge out, locked or not: a robot asks no initiator. It is not closed.
   *
   * @returns the cartridge, rewound and written back
   * @throws {MediumError} when writing back fails; the drive is empty then all the same.
   */
  eject(): Medium | undefined {
    return this.#drive.remove();
  }

  #perform(task: Task): TaskResult {
    const command = this.#commandSet.find(task.cdb);
    const refused = refusal(this.#drive, command, task);
    if (refused === RESERVED) return { status: Status.ReservationConflict };
    if (refused !== undefined) return this.#result(refused);
    return this.#result("execute" in command ? this.#run(command.execute, task) : command);
  }

  /** A store that fails is a hardware error to the initiator, where the command itself knows no better. */
  #run(execute: (drive: DriveState, task: Task) => Outcome, task: Task): Outcome {
    try {
      return execute(this.#drive, task);
    } catch (error) {
      if (error instanceof MediumError) return failed(Conditions.internalFailure);
      throw error;
    }
  }

  #result({ dataIn, condition }: Outcome): TaskResult {
    if (condition === undefined) return { status: Status.Good, dataIn };
    return { status: Status.CheckCondition, dataIn, sense: autosense(this.#drive, condition) };
  }
}
