/**
 * The simulated tape drive: an SSC-4 device server on a medium.
 *
 * @module
 */

import { DeviceType } from "../../scsi/device_type.ts";
import { Status } from "../../scsi/status.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../device_server.ts";
import { tapePersonalities, type TapePersonality } from "../personality.ts";
import type { BadBlock } from "./bad_blocks.ts";
import type { BlockLimits } from "./block_limits.ts";
import { CommandLog, type LoggedCommand } from "./command_log.ts";
import { refusal } from "./commands/admission.ts";
import { CommandSet } from "./commands/command_set.ts";
import { autosense } from "./commands/sense_report.ts";
import { type Condition, Conditions, failed, type Outcome } from "./conditions.ts";
import type { DriveQuirks } from "./drive_quirks.ts";
import { DriveState } from "./drive_state.ts";
import type { DriveTiming } from "./drive_timing.ts";
import { type InjectedAnswer, InjectedAnswers } from "./injected_answers.ts";
import { type Medium, MediumStoreError } from "./medium.ts";
import { announceMotion, followMotion, placeNow } from "./motion_effects.ts";
import { OperationTimes } from "./operation_times.ts";
import { checkArgument, checkNumbers } from "./option_limits.ts";
import type { LoadDelay } from "./readiness.ts";
import { TAPE_ALERT_FLAGS, TapeAlert } from "./tape_alerts.ts";
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
  /** Element address in a library, 0 to 65535, which VPD page B4h tells. @default none: the drive is in no library */
  readonly elementAddress?: number;
  /** Which record lengths it takes. @default the personality's */
  readonly blockLimits?: BlockLimits;
  /**
   * Native capacity in bytes: records count their length, filemarks 4 bytes. Partitions share it.
   *
   * @default the cartridge's, or what the personality has for its density
   */
  readonly capacityBytes?: number;
  /**
   * Bytes before the end of the partition from which on every write reports early warning.
   *
   * @default the cartridge's, else 2 % of the partition, at most 10^9
   */
  readonly earlyWarningBytes?: number;
  /** Refuses to write whatever the cartridge says. @default false */
  readonly writeProtected?: boolean;
  /**
   * How many times smaller records become while compression is on. Only figures in log pages and attributes show it:
   * what is on the tape, and its capacity, are counted as they came.
   *
   * @default 1
   */
  readonly compressionRatio?: number;
  /**
   * Bytes that are answered GOOD before they are on the tape. What is in the buffer shows in READ POSITION, can be lost,
   * and has its errors told with a later command.
   *
   * @default 0: whatever is answered GOOD is on the tape
   */
  readonly bufferBytes?: number;
  /** Which unit attentions a new nexus finds. @default 29/00 the first time, 29/07 when it comes back */
  readonly unitAttentions?: UnitAttentionOptions;
  /** How long it takes to become ready after a load, beside `timing`. @default no time */
  readonly loadDelay?: LoadDelay;
  /** Lets motions take the time that they take on the model. @default nothing takes time */
  readonly timing?: DriveTiming;
  /** Whether LOGICAL UNIT RESET rewinds the tape, as many drives do. @default true */
  readonly rewindOnReset?: boolean;
  /** Whether LOGICAL UNIT RESET loses what is in the buffer; else it gets to the tape. @default false */
  readonly resetLosesBuffer?: boolean;
  /** Departures from the standard. @default none */
  readonly quirks?: DriveQuirks;
  /** Milliseconds that pass, for `loadDelay`, `timing` and timestamps. @default a clock that stands still */
  readonly clock?: () => number;
  /** Hears why what the tape lies in has failed, of which an initiator hears no more than that it did. @default nobody */
  readonly onStoreFailure?: (error: MediumStoreError) => void;
  /** How many commands {@linkcode SimulatedDrive.commands} keeps. @default 256 */
  readonly commandLogLength?: number;
}

/** MODE SELECT (6) and (10). */
const MODE_SELECT: readonly number[] = [0x15, 0x55];

/** UA 29/00 whenever a nexus begins: the quirk `powerOnEveryLogin`. */
const POWER_ON_ALWAYS: UnitAttentionOptions = { returningNexus: [Conditions.powerOn] };

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
  readonly #times: OperationTimes | undefined;
  readonly #rewindOnReset: boolean;
  readonly #resetLosesBuffer: boolean;

  /**
   * Makes a drive, with a cartridge in it when `medium` is given.
   *
   * @throws {InvalidOptionError} when a number among the options is out of range.
   */
  constructor(options: SimulatedDriveOptions = {}) {
    checkNumbers("drive", options);
    const {
      medium,
      personality = tapePersonalities.generic,
      serialNumber = "SIM0000001",
      elementAddress,
      blockLimits = personality.blockLimits,
      capacityBytes,
      earlyWarningBytes,
      writeProtected = false,
      compressionRatio = 1,
      bufferBytes = 0,
      quirks = {},
      unitAttentions = quirks.powerOnEveryLogin ? POWER_ON_ALWAYS : {},
      loadDelay = {},
      timing,
      rewindOnReset = true,
      resetLosesBuffer = false,
      clock = () => 0,
      onStoreFailure = () => {},
      commandLogLength = 256,
    } = options;
    this.#drive = new DriveState({
      personality,
      serialNumber,
      elementAddress,
      blockLimits,
      capacityBytes,
      earlyWarningBytes,
      writeProtected,
      compressionRatio,
      bufferBytes,
      attentions: new UnitAttentions(unitAttentions),
      loadDelay,
      quirks,
      clock,
      onStoreFailure,
    });
    this.#commandSet = new CommandSet(personality, quirks);
    this.#log = new CommandLog(commandLogLength);
    this.#times = timing && new OperationTimes(this.#drive, timing);
    this.#rewindOnReset = rewindOnReset;
    this.#resetLosesBuffer = resetLosesBuffer;
    if (medium !== undefined) this.#drive.resume(medium);
  }

  dataOutLength(cdb: Uint8Array): number {
    const command = this.#commandSet.find(cdb);
    if (!("execute" in command)) return 0;
    return command.dataOutLength?.(cdb, this.#drive) ?? 0;
  }

  /** Executes a command: at once, or with `timing` after the time that it takes. */
  execute(task: Task): TaskResult | Promise<TaskResult> {
    const replacement = this.#injected.take(this.#drive, task.cdb[0]);
    if (replacement?.execute === false) return this.#logged(task, replacement.result);
    const before = placeNow(this.#drive, this.#times !== undefined);
    announceMotion(this.#drive, task.cdb[0]);
    const own = this.#perform(task);
    followMotion(this.#drive, task.cdb[0], before);
    const result = this.#logged(task, replacement?.result ?? own);
    return this.#times?.delay(task.cdb, before, result) ?? result;
  }

  #logged(task: Task, result: TaskResult): TaskResult {
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
    const drive = this.#drive;
    drive.attentions.lose(nexus);
    drive.preventing.delete(nexus);
    if (drive.reservations.unitHolder === nexus) {
      drive.encryption.reservationLost((other) => other === nexus, false);
    }
    drive.reservations.nexusLost(nexus);
    drive.encryption.nexusLost(nexus);
    drive.tapeAlerts.forget(nexus);
  }

  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    this.#drive.modes.setTaskAbortedStatus(taskAbortedStatus);
  }

  reset(): void {
    const drive = this.#drive;
    drive.reservations.reset();
    this.#restart();
    if (this.#rewindOnReset) drive.returnToBeginning();
    drive.attentions.raise(Conditions.deviceReset);
  }

  /**
   * The power goes off and on again: what is in the buffer is lost, the tape is at its beginning, registrations without
   * APTPL are gone, and every nexus hears 29/00.
   */
  powerCycle(): void {
    const drive = this.#drive;
    drive.loseBuffer();
    drive.reservations.powerLost();
    this.#restart();
    drive.clearCounts();
    drive.diagnosticHistory.clear();
    drive.tapeAlerts.clear();
    drive.timestampOffset = undefined;
    drive.returnToBeginning();
    drive.attentions.powerOn();
  }

  #restart(): void {
    const drive = this.#drive;
    if (this.#resetLosesBuffer) drive.loseBuffer();
    else drive.drain();
    drive.preventing.clear();
    drive.deferredErrors.length = 0;
    drive.health.clear();
    drive.encryption.reset();
    drive.operation.stop();
    drive.overwrite = undefined;
    drive.partitionPlan = undefined;
    drive.modes.reset();
  }

  /**
   * Writes back where the tape stands, and closes the cartridge.
   *
   * @throws {MediumStoreError} when writing back fails; the cartridge is closed all the same.
   */
  // deno-lint-ignore require-await -- a failure must reject, not throw
  async close(): Promise<void> {
    const drive = this.#drive;
    const { medium } = drive;
    try {
      drive.drain();
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

  /** Whether an initiator prevents the removal of the cartridge. */
  get removalPrevented(): boolean {
    return this.#drive.preventing.size > 0;
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

  /**
   * Answers one of the commands to come otherwise.
   *
   * @throws {InvalidOptionError} when the answer could not be given, or not as it is meant.
   */
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

  /**
   * Raises a TapeAlert flag, 1 to 64; reading log page 2Eh lowers it for the nexus that reads.
   *
   * @throws {InvalidOptionError} when there is no flag of that number.
   */
  raiseTapeAlert(flag: number): void {
    checkArgument("flag", flag, 1, TAPE_ALERT_FLAGS);
    this.#drive.tapeAlerts.raise(flag);
  }

  /**
   * Makes a place of the tape bad, for reading or writing.
   *
   * @throws {InvalidOptionError} when no command can meet it.
   */
  addBadBlock(block: BadBlock): void {
    this.#drive.badBlocks.add(block);
  }

  /** Mends all places that {@linkcode addBadBlock} made bad. */
  clearBadBlocks(): void {
    this.#drive.badBlocks.clear();
  }

  /** What is in the buffer never gets to the tape, as when the power fails; the tape stands before it. */
  loseBuffer(): void {
    this.#drive.loseBuffer();
  }

  /**
   * The drive is not ready for a while: it calibrates the tape, say. Log page 11h shows it.
   *
   * @param delay for how many commands, or how long, and with which sense
   */
  becomeNotReady(delay: LoadDelay): void {
    this.#drive.readiness.delay(delay);
  }

  /** The heads are dirty, or clean again: TapeAlert 20 or 21, the CLN bit of sense data, log pages 0Ch and 11h. */
  setCleaning(state: "none" | "requested" | "required"): void {
    const { tapeAlerts, counts, cleaning } = this.#drive;
    if (state === "none" && cleaning !== "none") counts.cleanings++;
    this.#drive.cleaning = state;
    tapeAlerts.lower(TapeAlert.CleaningRequired);
    tapeAlerts.lower(TapeAlert.CleaningRequested);
    if (state === "required") tapeAlerts.raise(TapeAlert.CleaningRequired, true);
    if (state === "requested") tapeAlerts.raise(TapeAlert.CleaningRequested, true);
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
   * @throws {MediumStoreError} when writing back fails; the drive is empty then all the same.
   */
  eject(): Medium | undefined {
    return this.#drive.remove();
  }

  #perform(task: Task): TaskResult {
    const command = this.#commandSet.find(task.cdb);
    const refused = refusal(this.#drive, command, task);
    if (refused !== undefined) return this.#result(refused, task);
    if (!("execute" in command)) return this.#result(command, task);
    const outcome = this.#run(command.execute, task);
    if (MODE_SELECT.includes(command.opcode)) this.#drive.health.modesSelected();
    const { ignoresUnitAttention = false } = command;
    return this.#result(ignoresUnitAttention ? outcome : this.#drive.health.with(outcome), task);
  }

  /** A store that fails is a hardware error to the initiator, where the command itself knows no better. */
  #run(execute: (drive: DriveState, task: Task) => Outcome, task: Task): Outcome {
    try {
      return execute(this.#drive, task);
    } catch (error) {
      if (!(error instanceof MediumStoreError)) throw error;
      this.#drive.onStoreFailure(error);
      return failed(Conditions.internalFailure);
    }
  }

  #result({ dataIn, condition, isConflict, aborts }: Outcome, { cdb }: Task): TaskResult {
    if (isConflict) return { status: Status.ReservationConflict };
    if (condition === undefined) return { status: Status.Good, dataIn, aborts };
    const { diagnosticHistory, densityCode, medium } = this.#drive;
    diagnosticHistory.add({
      condition,
      operationCode: cdb[0],
      densityCode,
      barcode: medium?.state.barcode ?? "",
      at: this.#drive.now(),
    });
    return { status: Status.CheckCondition, dataIn, sense: autosense(this.#drive, condition) };
  }
}
