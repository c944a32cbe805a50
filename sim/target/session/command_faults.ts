/**
 * What goes wrong, on purpose, with the commands of one session.
 *
 * @module
 */

import { ConnectionLostError } from "../../../iscsi/errors.ts";
import type { Clock } from "../../../transport/clock.ts";
import type { FaultPlan, FaultSubject } from "../faults.ts";
import type { SessionConnection } from "./session_connection.ts";
import type { TargetTask } from "../tasks/target_task.ts";

/** The window of a session, as a fault handles it. */
export interface FaultyWindow {
  /** Keeps it from moving on once `room` more commands have come. */
  close(room: number): void;
  /** Lets it move on again. */
  open(): void;
}

/** Applies the plan of the target to the commands of one session. */
export class CommandFaults {
  readonly #plan: FaultPlan;
  readonly #initiatorName: string;
  readonly #clock: Clock;
  #cancelReopening: (() => void) | undefined;

  constructor(plan: FaultPlan, initiatorName: string, clock: Clock) {
    this.#plan = plan;
    this.#initiatorName = initiatorName;
    this.#clock = clock;
  }

  /** The session begins; `reopened` is called when its window opens again by itself. */
  begin(window: FaultyWindow, cid: number, reopened: () => void): void {
    const fault = this.#plan.ofSession({ initiatorName: this.#initiatorName, cid });
    if (fault === undefined) return;
    const { afterCommands = 0, forMs } = fault;
    window.close(afterCommands);
    if (forMs === undefined) return;
    this.#cancelReopening = this.#clock.schedule(() => {
      window.open();
      reopened();
    }, forMs);
  }

  /** The session has ended. */
  end(): void {
    this.#cancelReopening?.();
  }

  /** A command is about to be executed. Returns false when that must not be, for now or for good. */
  mayExecute(task: TargetTask, host: SessionConnection | undefined): boolean {
    const fault = this.#plan.beforeCommand(task.cdb[0], this.#subject(host));
    if (fault === undefined) return true;
    if (fault.kind === "never-answer") task.state = "stuck";
    else host?.close(new ConnectionLostError("A fault broke the connection before a command"));
    return false;
  }

  /** A command was executed. Returns false when its answer must not go out. */
  mayAnswer(task: TargetTask, host: SessionConnection | undefined): boolean {
    const fault = this.#plan.afterCommand(task.cdb[0], this.#subject(host));
    if (fault === undefined) return true;
    host?.close(new ConnectionLostError("A fault broke the connection after a command"));
    return false;
  }

  #subject(host: SessionConnection | undefined): FaultSubject {
    return { initiatorName: this.#initiatorName, cid: host?.cid };
  }
}
