/**
 * A simulated drive as a logical unit, without a network between: the commands are executed in the order of the calls, the answers come later, in any
 * order, and may have what real targets make of them.
 */

import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Nexus, TaskResult } from "../../sim/device_server.ts";
import { SimulatedDrive, type SimulatedDriveOptions } from "../../sim/tape/drive.ts";
import type { DriveQuirks } from "../../sim/tape/drive_quirks.ts";
import { MemoryMedium } from "../../sim/tape/memory_medium.ts";
import { decodeSense, encodeSense } from "../../scsi/sense.ts";
import type { Random } from "../scsi/random.ts";

/** Whose habits the unit has beside those of the drive's quirks. */
export type TargetHabits = "exact" | "tgt" | "istgt";

export interface SimUnitOptions extends SimulatedDriveOptions {
  readonly habits?: TargetHabits;
  /** With istgt's habits: refuses READs with room beyond the end of the file that holds the tape. @default false */
  readonly hasSmallFile?: boolean;
  /** The residual that comes with what was read is always 0, as from some bridges. @default false */
  readonly hidesResidual?: boolean;
  /** Lets the answers come late and out of order. */
  readonly jitter?: Random;
}

const HABIT_QUIRKS = {
  exact: {},
  tgt: { positionUnknown: true, noLocate: true, spaceFilemarksBackOneTooFar: true },
  istgt: {
    silentOverlength: true,
    positionOffByOneAfterMotion: true,
    missesFilemarkAfterMotion: true,
  },
} as const;

const READ = 0x08;
const SPACE = 0x11;
const NO_BYTES = new Uint8Array(0);

const REWIND = 0x01;
const READ_POSITION = 0x34;
const LOCATE_16 = 0x92;
const MOVING: readonly number[] = [REWIND, SPACE, 0x2b];
/** What leaves the place that REWIND leads to: READ, WRITE, WRITE FILEMARKS, SPACE, LOCATE(10). */
const PASSING: readonly number[] = [READ, 0x0a, 0x10, SPACE, 0x2b];

/** How the file behind a tape of istgt grows. */
const MEDIUM_STEP = 4096;

export class SimUnit implements LogicalUnit {
  readonly name = "sim";
  readonly drive: SimulatedDrive;
  readonly quirks: DriveQuirks;
  isClosed = false;
  /** The object that the tape stood before when the unit was closed. */
  closedAt: number | undefined;
  /** What happens to a command instead of its execution. */
  intercept: ((command: ScsiCommand) => Promise<ScsiResult> | undefined) | undefined;
  /** Commands sent and not answered, now and at most. */
  outstanding = 0;
  maxOutstanding = 0;
  readonly #nexus: Nexus = { initiatorName: "iqn.test:initiator", isid: "000000000000" };
  readonly #habits: TargetHabits;
  readonly #jitter: Random | undefined;
  readonly #hasSmallFile: boolean;
  readonly #hidesResidual: boolean;
  #isBeyondEnd = false;
  #isBeforeBeginning = false;
  #isRewound = false;

  constructor(options: SimUnitOptions = {}) {
    const { habits = "exact", hasSmallFile = false, hidesResidual = false } = options;
    const { jitter, quirks, ...rest } = options;
    this.#hidesResidual = hidesResidual;
    this.#hasSmallFile = hasSmallFile;
    this.#habits = habits;
    this.#jitter = jitter;
    this.quirks = { ...HABIT_QUIRKS[habits], ...quirks };
    this.drive = new SimulatedDrive({ medium: new MemoryMedium(), ...rest, quirks: this.quirks });
    this.drive.nexusEstablished(this.#nexus);
  }

  async execute(command: ScsiCommand): Promise<ScsiResult> {
    const instead = this.intercept?.(command);
    if (instead !== undefined) return instead;
    this.maxOutstanding = Math.max(this.maxOutstanding, ++this.outstanding);
    const result = this.#perform(command);
    for (let hops = this.#jitter?.below(8) ?? 0; hops >= 0; hops--) await Promise.resolve();
    this.outstanding--;
    return result;
  }

  close(): Promise<void> {
    this.closedAt ??= this.drive.position?.object;
    this.isClosed = true;
    return this.drive.close();
  }

  /** Operation codes of the commands so far. */
  opcodes(): number[] {
    return this.drive.commands.map(({ cdb }) => cdb[0]);
  }

  #perform(command: ScsiCommand): ScsiResult {
    const answer = this.#habits === "istgt"
      ? this.#answerLikeIstgt(command)
      : this.#task(command.cdb, command.dataOut);
    const result = this.#transfer(command, answer);
    return this.#habits === "tgt" && command.cdb[0] === READ
      ? this.#readLikeTgt(command, result)
      : result;
  }

  #task(cdb: Uint8Array, dataOut: Uint8Array = NO_BYTES): TaskResult {
    return this.drive.execute({ cdb, dataOut, nexus: this.#nexus }) as TaskResult;
  }

  #transfer({ dataIn, dataOut }: ScsiCommand, answer: TaskResult): ScsiResult {
    const came = answer.dataIn ?? NO_BYTES;
    const dataInLength = Math.min(came.length, dataIn?.length ?? 0);
    dataIn?.set(came.subarray(0, dataInLength));
    const isTold = dataOut === undefined && !this.#hidesResidual;
    const residual = isTold ? (dataIn?.length ?? 0) - came.length : 0;
    return { status: answer.status, sense: answer.sense ?? NO_BYTES, dataInLength, residual };
  }

  /** A short record comes with as many bytes as are missing, and its length as the residual; a long one with none; filemarks with all. */
  #readLikeTgt({ cdb, dataIn }: ScsiCommand, result: ScsiResult): ScsiResult {
    const room = dataIn!.length;
    const sense = decodeSense(result.sense);
    if (sense.filemark || sense.key === 0x8) return { ...result, dataInLength: room, residual: 0 };
    if (!sense.incorrectLength || (cdb[1] & 1) !== 0) return result;
    const left = sense.information!;
    if (left < 0) return { ...result, dataInLength: 0, residual: 0 };
    return { ...result, dataInLength: left, residual: room - left };
  }

  #answerLikeIstgt({ cdb, dataIn, dataOut }: ScsiCommand): TaskResult {
    if (cdb[0] === LOCATE_16) {
      return { status: 2, sense: encodeSense({ key: 5, asc: 0x20, ascq: 0 }) };
    }
    const wasRewound = this.#isRewound;
    this.#isRewound = cdb[0] === REWIND || (wasRewound && !PASSING.includes(cdb[0]));
    if (cdb[0] === SPACE && cdb[1] === 0 && wasRewound) cdb = oneLess(cdb);
    if (cdb[0] === READ) return this.#readLikeIstgt(cdb, dataIn!.length);
    if (cdb[0] === READ_POSITION && this.#isBeforeBeginning) return MINUS_ONE;
    if (MOVING.includes(cdb[0])) this.#isBeyondEnd = this.#isBeforeBeginning = false;
    return cdb[0] === SPACE ? this.#spaceLikeIstgt(cdb) : this.#task(cdb, dataOut);
  }

  /** Room that reaches beyond the end of the file is refused, and then all reads until the tape is moved. */
  #readLikeIstgt(cdb: Uint8Array, room: number): TaskResult {
    const { object } = this.drive.position!;
    const partition = this.drive.medium!.partitions[0];
    const written = partition.bytesBefore(partition.objectCount);
    const fileBytes = Math.ceil((written + 1) / MEDIUM_STEP) * MEDIUM_STEP;
    const isRecord = object < partition.objectCount && partition.kind(object) === "record";
    const left = fileBytes - partition.bytesBefore(Math.min(object, partition.objectCount));
    this.#isBeyondEnd ||= this.#hasSmallFile && isRecord && room > left;
    if (!this.#isBeyondEnd && !this.#isBeforeBeginning) return this.#task(cdb);
    const sense = { key: 3, asc: 0, ascq: 2, endOfMedium: true, information: room };
    return { status: 2, sense: encodeSense(sense) };
  }

  /**
   * Counts filemarks as blocks, stops short of a last record, is back at the beginning after the end, and backwards over too few filemarks before the first
   * one, or before the beginning where there is none, as if all had been there.
   */
  #spaceLikeIstgt(cdb: Uint8Array): TaskResult {
    const count = (cdb[2] << 24 | cdb[3] << 16 | cdb[4] << 8) >> 8;
    const filemarks = this.drive.medium!.partitions[0].filemarksBefore(this.drive.position!.object);
    if (cdb[1] === 1 && -count > filemarks) {
      this.#isBeforeBeginning = filemarks === 0;
      return this.#task(filemarks === 0 ? rewind() : back(filemarks, 1));
    }
    const answer = cdb[1] === 0 ? this.#eachBlock(count) : this.#task(cdb);
    if (cdb[1] === 3 && this.drive.objects().at(-1)?.kind === "record") this.#task(back(1));
    const isPastEnd = cdb[1] === 1 && decodeSense(answer.sense ?? NO_BYTES).key === 0x8;
    if (isPastEnd) this.#task(rewind());
    return answer;
  }

  #eachBlock(count: number): TaskResult {
    const step = count < 0 ? back(1) : Uint8Array.of(SPACE, 0, 0, 0, 1, 0);
    for (let done = 0; done < Math.abs(count); done++) {
      const answer = this.#task(step);
      const sense = decodeSense(answer.sense ?? NO_BYTES);
      if (answer.status === 0 || sense.filemark) continue;
      if (count < 0) return this.#task(rewind());
      const information = count - done;
      return { status: 2, sense: encodeSense({ key: 8, asc: 0, ascq: 5, information }) };
    }
    return { status: 0 };
  }
}

/** Right after REWIND istgt spaces forwards over one block too few. */
function oneLess(cdb: Uint8Array): Uint8Array {
  const isForward = cdb[2] < 0x80 && cdb[4] > 0;
  return isForward ? Uint8Array.from(cdb, (byte, at) => at === 4 ? byte - 1 : byte) : cdb;
}

function back(count: number, code = 0): Uint8Array {
  return Uint8Array.of(SPACE, code, 0xff, 0xff, 0x100 - count, 0);
}

function rewind(): Uint8Array {
  return Uint8Array.of(REWIND, 0, 0, 0, 0, 0);
}

/** READ POSITION, long form, before the beginning. */
const MINUS_ONE: TaskResult = {
  status: 0,
  dataIn: Uint8Array.from({ length: 32 }, (_, at) => at >= 8 && at < 16 ? 0xff : 0),
};
