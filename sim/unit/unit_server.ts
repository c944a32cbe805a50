/**
 * A device server made of a command table and a state: what keeps a command from being executed, in the order of
 * precedence that SAM-5 §5.3.3 and §5.14 give, and what its outcome looks like to the target.
 *
 * @module
 */

import { Status } from "../../scsi/status.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../device_server.ts";
import {
  type Condition,
  Conditions,
  failed,
  type Outcome,
  POWER_ON_OR_RESET,
  RESERVATION_CONFLICT,
} from "../tape/conditions.ts";
import { UnitCommandSet } from "./command_set.ts";
import { autosense } from "./sense_answer.ts";
import { reservedBits, type UnitCommand } from "./unit_command.ts";
import type { UnitState } from "./unit_state.ts";

/** What a kind of unit does beside what all do. */
export interface UnitHooks {
  /** An I_T nexus is gone. */
  readonly nexusLost?: (nexus: Nexus) => void;
  /** LOGICAL UNIT RESET. */
  readonly reset?: () => void;
  /** Releases what the unit holds; what it throws rejects `close()`. */
  readonly close?: () => void;
}

/** A simulated unit whose commands are rows of a table. */
export class UnitServer<State extends UnitState> implements DeviceServer {
  readonly deviceType: number;
  readonly #state: State;
  readonly #hooks: UnitHooks;
  readonly #commands: UnitCommandSet<State>;

  constructor(state: State, commands: readonly UnitCommand<State>[], hooks: UnitHooks = {}) {
    this.deviceType = state.deviceType;
    this.#state = state;
    this.#hooks = hooks;
    this.#commands = new UnitCommandSet(commands, state.deviceType);
  }

  dataOutLength(cdb: Uint8Array): number {
    const command = this.#commands.find(cdb);
    if (!("execute" in command)) return 0;
    return command.dataOutLength?.(cdb, this.#state) ?? 0;
  }

  /** Executes a command, at once. */
  execute(task: Task): TaskResult {
    const command = this.#commands.find(task.cdb);
    const refused = refusal(this.#state, command, task);
    if (refused !== undefined) return this.#result(refused);
    return this.#result("execute" in command ? command.execute(this.#state, task) : command);
  }

  nexusEstablished(nexus: Nexus): void {
    this.#state.attentions.establish(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.#state.attentions.lose(nexus);
    this.#state.reservations.nexusLost(nexus);
    this.#hooks.nexusLost?.(nexus);
  }

  setTaskAbortedStatus(taskAbortedStatus: boolean): void {
    this.#state.modes.setTaskAbortedStatus(taskAbortedStatus);
  }

  reset(): void {
    this.#state.reservations.reset();
    this.#state.modes.reset();
    this.#hooks.reset?.();
    this.#state.attentions.raise(Conditions.deviceReset);
  }

  // deno-lint-ignore require-await -- a failure must reject, not throw
  async close(): Promise<void> {
    this.#hooks.close?.();
  }

  #result(answer: Outcome): TaskResult {
    if (answer.isConflict) return { status: Status.ReservationConflict };
    const { dataIn, condition, aborts } = answer;
    if (condition === undefined) return { status: Status.Good, dataIn, aborts };
    return { status: Status.CheckCondition, dataIn, sense: autosense(this.#state, condition) };
  }
}

function refusal<State extends UnitState>(
  state: State,
  command: UnitCommand<State> | Outcome,
  task: Task,
): Outcome | undefined {
  const row = "execute" in command ? command : undefined;
  const attention = row?.ignoresUnitAttention ? undefined : state.attentions.peek(task.nexus);
  if (attention?.asc === POWER_ON_OR_RESET) return taken(state, task);
  const { access = "write", allowedWhenReserved = false } = row ?? {};
  if (state.reservations.isConflict(task.nexus, access, allowedWhenReserved)) {
    return RESERVATION_CONFLICT;
  }
  if (attention !== undefined) return taken(state, task);
  if (row === undefined) return command as Outcome;
  return reservedBits(row, task.cdb) ?? notReady(state, row);
}

function taken({ attentions }: UnitState, { nexus }: Task): Outcome {
  return failed(attentions.take(nexus) as Condition);
}

function notReady<State extends UnitState>(
  state: State,
  { needsReady = false }: UnitCommand<State>,
): Outcome | undefined {
  const reason = needsReady ? state.readiness() : undefined;
  return reason && failed(reason);
}
