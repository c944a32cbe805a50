/**
 * How long the commands of one drive take, and what goes on after those that were answered at once.
 *
 * @module
 */

import { Status } from "../../scsi/status.ts";
import type { TaskResult } from "../device_server.ts";
import type { DriveState } from "./drive_state.ts";
import { type DriveTiming, locateMs, rewindMs } from "./drive_timing.ts";
import { type Place, placeNow } from "./motion_effects.ts";
import type { OperationKind } from "./running_operation.ts";

/** A command that takes time, and the bit of byte 1 with which it is answered before. */
interface TimedCommand {
  readonly kind: OperationKind | "transfer";
  readonly immed: number;
}

const TIMED: ReadonlyMap<number, TimedCommand> = new Map<number, TimedCommand>([
  [0x01, { kind: "rewind", immed: 0x01 }],
  [0x04, { kind: "format", immed: 0x01 }],
  [0x0b, { kind: "format", immed: 0x01 }],
  [0x08, { kind: "transfer", immed: 0 }],
  [0x0a, { kind: "transfer", immed: 0 }],
  [0x0f, { kind: "transfer", immed: 0 }],
  [0x11, { kind: "locate", immed: 0 }],
  [0x13, { kind: "transfer", immed: 0 }],
  [0x19, { kind: "erase", immed: 0x02 }],
  [0x1b, { kind: "load", immed: 0x01 }],
  [0x2b, { kind: "locate", immed: 0x01 }],
  [0x91, { kind: "locate", immed: 0 }],
  [0x92, { kind: "locate", immed: 0x01 }],
  [0x93, { kind: "erase", immed: 0x02 }],
]);

const ERASE_LONG = 0x01;

/** The times of one drive. */
export class OperationTimes {
  readonly #drive: DriveState;
  readonly #scale: number;
  readonly #wait: (milliseconds: number) => Promise<void>;

  constructor(drive: DriveState, { scale = 1, wait }: DriveTiming) {
    this.#drive = drive;
    this.#scale = scale;
    this.#wait = wait;
  }

  /**
   * The result of a command after the time that it takes; `undefined` when that is none, or the drive goes on by itself.
   *
   * @param before where the tape stood
   */
  delay(cdb: Uint8Array, before: Place, result: TaskResult): Promise<TaskResult> | undefined {
    const timed = TIMED.get(cdb[0]);
    if (timed === undefined || !before.isLoaded && !this.#drive.loaded) return undefined;
    const kind = timed.kind === "load" && !this.#drive.loaded ? "unload" : timed.kind;
    // What was refused took no time; a motion that was stopped took that of its way.
    const isByWay = kind === "locate" || kind === "transfer";
    if (result.status !== Status.Good && !isByWay) return undefined;
    const milliseconds = this.#milliseconds(kind, cdb, before) * this.#scale;
    if (milliseconds <= 0) return undefined;
    if (kind !== "transfer" && (cdb[1] & timed.immed) !== 0) {
      this.#drive.operation.begin(kind, milliseconds);
      return undefined;
    }
    return this.#wait(milliseconds).then(() => result);
  }

  #milliseconds(kind: OperationKind | "transfer", cdb: Uint8Array, before: Place): number {
    const { motion } = this.#drive.personality;
    const after = placeNow(this.#drive, true);
    switch (kind) {
      case "rewind":
        return rewindMs(motion, before.share);
      case "locate":
        return locateMs(motion, before.share, after.share);
      case "erase":
        return (cdb[1] & ERASE_LONG) !== 0 ? this.#toEndMs() : motion.settleMs;
      case "format":
        return motion.windMs;
      case "load":
        return before.isLoaded ? rewindMs(motion, before.share) : motion.loadMs;
      case "unload":
        return before.isLoaded ? rewindMs(motion, before.share) + motion.unloadMs : 0;
      default:
        return Math.abs(after.share - before.share) * this.#drive.volumeBytes / motion.bytesPerMs;
    }
  }

  /** Over all that is left of the tape at its native rate. */
  #toEndMs(): number {
    return this.#drive.remainingBytes / this.#drive.personality.motion.bytesPerMs;
  }
}
