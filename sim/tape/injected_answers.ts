/**
 * Answers that a test has put in the place of a command's own.
 *
 * @module
 */

import { refuse } from "../../iscsi/negotiation/option_rules.ts";
import { isBytes } from "../../scsi/bytes.ts";
import { complaintAbout, count, object, rule, type Rules, truth } from "../../scsi/option_rules.ts";
import { Status } from "../../scsi/status.ts";
import { autosense } from "./commands/sense_report.ts";
import type { TaskResult } from "../device_server.ts";
import type { Condition } from "./conditions.ts";
import type { DriveState } from "./drive_state.ts";

/** One answer to be given instead of a command's own. */
export interface InjectedAnswer {
  /** Operation code of the command. @default any command */
  readonly opcode?: number;
  /** Which of these commands from now on, counted from 1. @default 1 */
  readonly occurrence?: number;
  /** How many of them in a row. @default 1 */
  readonly times?: number;
  /** CHECK CONDITION with this sense: fields, encoded in the format in force, or bytes as they are. */
  readonly sense?: Condition | Uint8Array;
  /** The SAM-5 status. @default CHECK CONDITION when there is `sense`, else BUSY */
  readonly status?: number;
  /** Whether the command is executed all the same, and only its answer lost. @default false */
  readonly execute?: boolean;
}

const BYTE = count(0, 0xff);

/** One under another name, `operationCode` say, would be passed over, and the answer be given to any command. */
const ANSWER: Rules<InjectedAnswer> = {
  opcode: BYTE,
  occurrence: count(1),
  times: rule(
    "a whole number, 1 or more, or Infinity",
    (times) => times === Infinity || (Number.isInteger(times) && Number(times) >= 1),
  ),
  sense: (sense, option) => isBytes(sense) ? undefined : object(sense, option),
  status: BYTE,
  execute: truth,
};

/** What takes the place of an answer. */
export interface Replacement {
  readonly result: TaskResult;
  readonly execute: boolean;
}

/** The answers waiting for their commands. */
export class InjectedAnswers {
  #waiting: { answer: InjectedAnswer; skip: number; left: number }[] = [];

  /**
   * Adds one.
   *
   * @throws {InvalidOptionError} when it could not be given, or not as it is meant.
   */
  add(answer: InjectedAnswer): void {
    refuse(object(answer, "answer") ?? complaintAbout({ ...answer }, ANSWER));
    this.#waiting.push({ answer, skip: (answer.occurrence ?? 1) - 1, left: answer.times ?? 1 });
  }

  /** The answer for this command, if there is one; counts the command. */
  take(drive: DriveState, opcode: number): Replacement | undefined {
    if (this.#waiting.length === 0) return undefined;
    let due: InjectedAnswer | undefined;
    for (const entry of this.#waiting) {
      if (entry.answer.opcode !== undefined && entry.answer.opcode !== opcode) continue;
      if (entry.skip > 0) entry.skip--;
      else if (due === undefined) {
        due = entry.answer;
        entry.left--;
      }
    }
    this.#waiting = this.#waiting.filter(({ left }) => left > 0);
    return due && { result: resultOf(drive, due), execute: due.execute ?? false };
  }
}

function resultOf(drive: DriveState, { sense, status }: InjectedAnswer): TaskResult {
  if (sense === undefined) return { status: status ?? Status.Busy };
  return {
    status: status ?? Status.CheckCondition,
    sense: sense instanceof Uint8Array ? sense : autosense(drive, sense),
  };
}
