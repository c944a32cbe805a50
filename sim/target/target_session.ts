/**
 * One session of a target: an I_T nexus with its command numbering, its tasks and their memory (RFC 7143 §4.2, SAM-5
 * §4.3).
 *
 * @module
 */

import type { LoginIdentity } from "../../iscsi/negotiation/login_steps.ts";
import { Status } from "../../scsi/status.ts";
import type { Nexus } from "../device_server.ts";
import type { CommandOrder } from "./requests/command_order.ts";
import type { SessionConnection } from "./session_connection.ts";
import type { TargetLimits } from "./target_options.ts";
import { BufferPool } from "./tasks/buffer_pool.ts";
import { DataOutMemory } from "./tasks/data_out_memory.ts";
import { TargetTask, type TaskOwner, type TaskUnit } from "./tasks/target_task.ts";

/** A request that waits for its turn: a SCSI command, or what to do about another one. */
export type NumberedRequest = TargetTask | (() => void);

/** What a session needs of its target. */
export interface SessionTarget {
  /** iSCSI name. */
  readonly name: string;
  /** Whether GOOD status goes with the last Data-In. */
  readonly statusInDataIn: boolean;
  /** What answers at a LUN, present or not. */
  unit(lun: bigint): TaskUnit;
  /** Whether there is a device at a LUN. */
  hasUnit(lun: bigint): boolean;
  /** The logical units in the order of their LUNs. */
  units(): TaskUnit[];
  /** All sessions of the target. */
  sessions(): TargetSession[];
  /** A session has ended: its devices lose the nexus. */
  sessionEnded(session: TargetSession): void;
}

/** What a session is made of. */
export interface SessionParts {
  readonly identity: LoginIdentity;
  readonly tsih: number;
  readonly authenticatedAs: string | undefined;
  readonly connection: SessionConnection;
  readonly order: CommandOrder<NumberedRequest>;
  /** Undefined for a discovery session. */
  readonly target: SessionTarget | undefined;
  readonly limits: Required<TargetLimits>;
}

/** One session. At error recovery level 0 it ends with its connection. */
export class TargetSession implements TaskOwner {
  readonly identity: LoginIdentity;
  readonly nexus: Nexus;
  readonly tsih: number;
  readonly authenticatedAs: string | undefined;
  readonly connection: SessionConnection;
  readonly target: SessionTarget | undefined;
  readonly limits: Required<TargetLimits>;
  readonly order: CommandOrder<NumberedRequest>;
  /** Tasks that have no answer, by Initiator Task Tag. */
  readonly tasks: Map<number, TargetTask> = new Map();
  readonly buffers: BufferPool = new BufferPool();
  readonly #memory: DataOutMemory;
  #immediateCommands = 0;
  #nextTransferTag = 0;
  #ended = false;

  constructor(parts: SessionParts) {
    const { identity } = parts;
    this.identity = identity;
    this.nexus = { initiatorName: identity.initiatorName, isid: isidText(identity.isid) };
    this.tsih = parts.tsih;
    this.authenticatedAs = parts.authenticatedAs;
    this.connection = parts.connection;
    this.target = parts.target;
    this.limits = parts.limits;
    this.order = parts.order;
    this.#memory = new DataOutMemory(parts.limits.dataOutBytes);
  }

  /** Immediate SCSI commands that have no answer. */
  get immediateCommands(): number {
    return this.#immediateCommands;
  }

  /** A Target Transfer Tag that no open transfer of the session has. */
  allocateTransferTag(): number {
    const tag = this.#nextTransferTag;
    this.#nextTransferTag = (tag + 1) % 0xffffffff;
    return tag;
  }

  /** Reserves memory for the data of a command whose header has just arrived. */
  reserve(task: TargetTask): void {
    const { collection } = task;
    if (collection === undefined) return;
    if (collection.totalBytes === collection.unsolicitedBytes) return collection.grant();
    task.claim = {
      bytes: collection.totalBytes,
      granted: () => {
        collection.grant();
        this.advance(task);
      },
    };
    this.#memory.claim(task.claim);
  }

  /** The command and its immediate data have arrived intact: it is the session's now. */
  arrived(task: TargetTask): void {
    this.tasks.set(task.itt, task);
    task.collection?.begin();
    if (task.command.immediate) {
      this.#immediateCommands++;
      this.#begin(task);
    } else {
      this.inOrder(task.command.cmdSn, task);
    }
  }

  /** The immediate data of a command came damaged: the command counts as not received (RFC 7143 §7.8). */
  discard(task: TargetTask): void {
    task.state = "aborted";
    this.#releaseMemory(task);
  }

  /** Lets a non-immediate request act in its turn. */
  inOrder(cmdSn: number, request: NumberedRequest): void {
    this.order.arrive(cmdSn, request);
    this.deliver();
  }

  /** Delivers what is in order; nothing behind a logout. */
  deliver(): void {
    while (!this.#ended) {
      const next = this.order.next();
      if (next === undefined) return;
      if (!(next instanceof TargetTask)) next();
      else if (next.state !== "aborted") this.#begin(next);
    }
  }

  #begin(task: TargetTask): void {
    task.begun = true;
    if (!task.command.immediate) this.order.hold();
    task.unit.add(task);
    this.advance(task);
  }

  /** Data or memory has come: asks for more data, or gives the task to its unit. */
  advance(task: TargetTask): void {
    if (!task.begun || task.state !== "collecting") return;
    const { collection } = task;
    while (collection?.r2tDue) this.connection.sendR2t(task, this.allocateTransferTag());
    if (collection && !collection.complete) return;
    task.state = "ready";
    task.unit.run();
  }

  hasRoom(): boolean {
    return this.connection.hasRoomForData();
  }

  taskCompleted(task: TargetTask): void {
    task.state = "answering";
    this.connection.reply(task);
    this.#forget(task);
  }

  deviceFailed(_: TargetTask, error: unknown): void {
    this.connection.report({ kind: "device-failed", error });
  }

  /** Ends a task without an answer. */
  abort(task: TargetTask): void {
    if (task.state === "aborted" || task.state === "answering") return;
    task.state = "aborted";
    if (task.begun) task.unit.remove(task);
    this.#forget(task);
  }

  /** Ends a task because another initiator asked for it: TASK ABORTED (SAM-5 §5.3.1). */
  terminate(task: TargetTask): void {
    if (task.state === "aborted" || task.state === "answering") return;
    task.unit.remove(task);
    task.status = Status.TaskAborted;
    this.taskCompleted(task);
  }

  /** Room for answers again: units whose next task waited for it may go on. */
  resume(): void {
    const units = new Set<TaskUnit>();
    for (const task of this.tasks.values()) {
      if (task.state === "ready") units.add(task.unit);
    }
    for (const unit of units) unit.run();
  }

  /** Ends the session: its tasks end without an answer, and the devices hear that the nexus is gone. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const task of [...this.tasks.values()]) this.abort(task);
    this.target?.sessionEnded(this);
  }

  #forget(task: TargetTask): void {
    this.tasks.delete(task.itt);
    if (task.begun && task.command.immediate) this.#immediateCommands--;
    else if (task.begun) this.order.release();
    this.#releaseMemory(task);
  }

  #releaseMemory(task: TargetTask): void {
    const { claim } = task;
    if (claim === undefined) return;
    task.claim = undefined;
    if (!this.#memory.cancel(claim)) this.#memory.release(claim);
  }
}

function isidText(isid: Uint8Array): string {
  return Array.from(isid, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
