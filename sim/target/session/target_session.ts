/**
 * One session of a target: an I_T nexus with its connections, its command numbering, its tasks and their memory
 * (RFC 7143 §4.2, SAM-5 §4.3).
 *
 * @module
 */

import { ConnectionLostError } from "../../../iscsi/errors.ts";
import type { LoginIdentity } from "../../../iscsi/negotiation/login_steps.ts";
import type { NegotiatedParameters } from "../../../iscsi/negotiation/negotiated_parameters.ts";
import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import { Status } from "../../../scsi/status.ts";
import type { Clock } from "../../../transport/clock.ts";
import type { Nexus, TaskResult } from "../../device_server.ts";
import type { CommandFaults } from "./command_faults.ts";
import { ownNopIn } from "../output/own_requests.ts";
import { PendingAttentions } from "./pending_attentions.ts";
import type { CommandOrder } from "../requests/command_order.ts";
import { LateRequests } from "./late_requests.ts";
import type { SessionConnection, TaskFate } from "./session_connection.ts";
import { SessionMembers } from "./session_members.ts";
import type { TargetLimits } from "../target_options.ts";
import { BufferPool } from "../tasks/buffer_pool.ts";
import { SentData } from "../tasks/sent_data.ts";
import { TargetTask, type TaskOwner, type TaskUnit } from "../tasks/target_task.ts";
import { TaskList } from "../tasks/task_list.ts";
import { TaskMemory } from "../tasks/task_memory.ts";
import { attentionResult, type TaskAttention } from "../tasks/task_sense.ts";

/**
 * Lost connections that are kept beyond as many as the session may have: whoever comes back may be lost again before it
 * has taken everything over.
 */
const SPARE_LOST_CONNECTIONS = 8;

/** A request that waits for its turn: a SCSI command, or what to do about another one. */
export type NumberedRequest = TargetTask | (() => void);

/** What a session needs of its target. */
export interface SessionTarget {
  /** iSCSI name. */
  readonly name: string;
  /** Whether GOOD status goes with the last Data-In. */
  readonly statusInDataIn: boolean;
  /** Whether other initiators' tasks that are cleared end with TASK ABORTED. */
  readonly taskAbortedStatus: boolean;
  /** What answers at a LUN to the initiator with this name, present or not. */
  unit(lun: bigint, initiatorName: string): TaskUnit;
  /** Whether there is a device at a LUN for the initiator with this name. */
  hasUnit(lun: bigint, initiatorName: string): boolean;
  /** The logical units in the order of their LUNs. */
  units(): TaskUnit[];
  /** All sessions of the target. */
  sessions(): TargetSession[];
  /** A session has ended: its devices lose the nexus. */
  sessionEnded(session: TargetSession): void;
  /** `task` of `session` has ended the tasks of other nexuses at its unit. */
  abortOthers(
    session: TargetSession,
    task: TargetTask,
    isVictim: (nexus: Nexus) => boolean,
  ): void;
}

/** What a session is made of. */
export interface SessionParts {
  readonly identity: LoginIdentity;
  readonly tsih: number;
  readonly authenticatedAs: string | undefined;
  /** What its first login agreed on. */
  readonly parameters: NegotiatedParameters;
  readonly order: CommandOrder<NumberedRequest>;
  /** Undefined for a discovery session. */
  readonly target: SessionTarget | undefined;
  readonly limits: Required<TargetLimits>;
  readonly clock: Clock;
  /** What goes wrong with commands, on purpose. */
  readonly faults?: CommandFaults;
}

/** One session. Below error recovery level 2 it ends with its last connection. */
export class TargetSession implements TaskOwner {
  readonly identity: LoginIdentity;
  readonly nexus: Nexus;
  readonly tsih: number;
  readonly authenticatedAs: string | undefined;
  readonly parameters: NegotiatedParameters;
  readonly target: SessionTarget | undefined;
  readonly limits: Required<TargetLimits>;
  readonly order: CommandOrder<NumberedRequest>;
  /** Tasks that have no answer. */
  readonly tasks: TaskList = new TaskList();
  /** Tasks whose answer may be asked for again; none at error recovery level 0. */
  readonly answered: TaskList = new TaskList();
  readonly buffers: BufferPool = new BufferPool();
  readonly #members: SessionMembers;
  readonly #memory: TaskMemory;
  readonly #attentions = new PendingAttentions<TaskUnit>();
  readonly #late = new LateRequests();
  readonly #faults: CommandFaults | undefined;
  #immediateCommands = 0;
  #nextTransferTag = 0;
  #ended = false;

  constructor(parts: SessionParts) {
    const { identity } = parts;
    this.identity = identity;
    this.nexus = { initiatorName: identity.initiatorName, isid: isidText(identity.isid) };
    this.tsih = parts.tsih;
    this.authenticatedAs = parts.authenticatedAs;
    this.parameters = parts.parameters;
    this.target = parts.target;
    this.limits = parts.limits;
    this.order = parts.order;
    this.#members = new SessionMembers(parts.clock);
    this.#memory = new TaskMemory(parts.limits.dataOutBytes, (task) => this.advance(task));
    this.#faults = parts.faults;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The connections that carry it, the oldest first. */
  get connections(): SessionConnection[] {
    return this.#members.live;
  }

  /** Milliseconds for which the tasks of a lost connection can be taken over (RFC 7143 §13.15, §13.16). */
  get keepMs(): number {
    const { errorRecoveryLevel, defaultTime2Wait, defaultTime2Retain } = this.parameters;
    if (errorRecoveryLevel < 2 || defaultTime2Retain === 0) return 0;
    return (defaultTime2Wait + defaultTime2Retain) * 1000;
  }

  /** Immediate SCSI commands that have no answer. */
  get immediateCommands(): number {
    return this.#immediateCommands;
  }

  /** Whether there is, or was a moment ago, a connection with this CID. */
  knows(cid: number): boolean {
    return this.#members.withCid(cid) !== undefined || this.#members.lostWithCid(cid).length > 0;
  }

  /** Whether a connection with this CID may join: another one, or in place of the one that has it. */
  hasRoomFor(cid: number): boolean {
    const others = this.connections.filter((connection) => connection.cid !== cid);
    return others.length < this.parameters.maxConnections;
  }

  /**
   * Takes in a connection. One with the same CID is logged out by that (RFC 7143 §6.3.4), and `expStatSn` acknowledges
   * what it sent (§11.12.9).
   */
  join(connection: SessionConnection, expStatSn: number): void {
    const { cid } = connection;
    const old = this.#members.withCid(cid);
    for (const before of this.#members.lostWithCid(cid)) before.output.acknowledge(expStatSn);
    old?.output.acknowledge(expStatSn);
    if (this.#members.empty) this.#faults?.begin(this.order, cid, () => this.#announceWindow());
    this.#members.add(connection);
    old?.close(new ConnectionLostError("The initiator has connected anew"), "keep");
  }

  #announceWindow(): void {
    for (const connection of this.connections) connection.output.sendUrgent(ownNopIn(RESERVED_TAG));
  }

  /** A connection is over. */
  leave(connection: SessionConnection, fate: TaskFate): void {
    if (!this.#members.remove(connection)) return;
    this.#late.forget(connection);
    if (fate === "keep" && this.keepMs > 0) {
      this.#members.lose(connection, this.keepMs, () => this.#lapse(connection));
      this.#boundLost(connection);
    } else {
      this.#lapse(connection);
    }
  }

  /** Beyond so many lost connections one is given up: one that has left nothing behind, or else the oldest. */
  #boundLost(newest: SessionConnection): void {
    const { lost } = this.#members;
    if (lost.length <= this.parameters.maxConnections + SPARE_LOST_CONNECTIONS) return;
    const kept = new Set([...this.tasks.values(), ...this.answered.values()].map(connectionOf));
    const given = lost.find((one) => one !== newest && !kept.has(one)) ?? lost[0];
    this.#members.forget(given);
    this.#lapse(given);
  }

  /** Another connection of the session logs out the one with this CID, alive or lost. */
  logOutConnection(cid: number, fate: TaskFate): void {
    this.#members.withCid(cid)?.close(undefined, fate);
    if (fate === "keep") return;
    for (const lost of this.#members.lostWithCid(cid)) {
      this.#members.forget(lost);
      this.#lapse(lost);
    }
  }

  /** The target drops the connection with this CID as it has announced (RFC 7143 §11.9.1, event 2). */
  dropConnection(cid: number): void {
    this.#members.withCid(cid)?.closeWhenSent("keep");
  }

  /** Ends the tasks at a logical unit, as was announced (RFC 7143 §11.9.1, event 5). */
  abortTasksOf(lun: bigint): void {
    for (const task of [...this.tasks.values()]) if (task.command.lun === lun) this.abort(task);
    for (const unit of this.target?.units() ?? []) unit.run();
  }

  /** The tasks of a connection cannot be taken over any more (RFC 7143 §11.14.5). */
  #lapse(connection: SessionConnection): void {
    if (this.#members.empty) return this.end(undefined);
    for (const task of [...this.tasks.values()]) {
      if (task.connection !== connection) continue;
      this.abort(task);
      this.tellLater(task.unit, "clearedByEvent");
    }
    for (const task of [...this.answered.values()]) {
      if (task.connection === connection) this.answered.delete(task);
    }
    for (const unit of this.target?.units() ?? []) unit.run();
  }

  /** A Target Transfer Tag that no open transfer of the session has. */
  allocateTransferTag(): number {
    const tag = this.#nextTransferTag;
    this.#nextTransferTag = (tag + 1) % RESERVED_TAG;
    return tag;
  }

  /**
   * Reserves memory for the data of a command whose header has just arrived. One that has overtaken others gets it when it
   * is delivered: it would wait for them, and they for its memory.
   */
  reserve(task: TargetTask): void {
    const { collection, command } = task;
    if (collection === undefined) return;
    if (collection.totalBytes === collection.unsolicitedBytes) return collection.grant();
    if (command.immediate || command.cmdSn === this.order.expCmdSn) this.#memory.claim(task);
  }

  /** The command and its immediate data have arrived intact: it is the session's now. */
  arrived(task: TargetTask): void {
    const before = this.answered.get(task.itt);
    if (before) this.answered.delete(before);
    this.tasks.add(task);
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
    this.#memory.release(task);
  }

  /** Lets a non-immediate request act in its turn. */
  inOrder(cmdSn: number, request: NumberedRequest): void {
    this.order.arrive(cmdSn, request);
    this.deliver();
  }

  /** Lets an immediate request act once everything before it has been delivered, unless its connection is over by then. */
  behindAll(connection: SessionConnection, cmdSn: number, act: () => void): void {
    this.#late.add(connection, cmdSn, act);
    this.deliver();
  }

  /** Immediate requests of a connection that wait for commands sent before them. */
  lateRequestsOf(connection: SessionConnection): number {
    return this.#late.countOf(connection);
  }

  /** Delivers what is in order; nothing behind a logout. */
  deliver(): void {
    while (!this.#ended) {
      const next = this.#late.next(this.order.expCmdSn) ?? this.order.next();
      if (next === undefined) return;
      if (!(next instanceof TargetTask)) next();
      else if (next.state !== "aborted") this.#begin(next);
    }
  }

  #begin(task: TargetTask): void {
    this.#memory.claim(task);
    task.begun = true;
    if (!task.command.immediate) this.order.hold();
    task.unit.add(task);
    if (this.#faults?.mayExecute(task, this.#hostOf(task)) === false) return;
    this.advance(task);
  }

  /** Data or memory has come: asks for more data, or gives the task to its unit. */
  advance(task: TargetTask): void {
    if (!task.begun || task.state !== "collecting") return;
    const { collection } = task;
    while (collection?.r2tDue && this.#members.has(task.connection)) {
      task.connection.sendR2t(task, this.allocateTransferTag());
    }
    if (collection && !collection.complete) return;
    task.state = "ready";
    task.unit.run();
  }

  /** Answers that nobody can take now are bounded as those are that wait to be sent. */
  hasRoom(task: TargetTask): boolean {
    if (this.#members.has(task.connection)) return task.connection.hasRoomForData();
    let bytes = 0;
    for (const { connection, dataIn } of this.answered.values()) {
      if (!this.#members.has(connection)) bytes += dataIn.length;
    }
    return bytes < this.limits.dataInBytes;
  }

  taskCompleted(task: TargetTask): void {
    task.state = "answering";
    this.#forget(task);
    if (this.parameters.errorRecoveryLevel > 0) this.#retain(task);
    if (this.#faults?.mayAnswer(task, this.#hostOf(task)) === false) return;
    if (this.#members.has(task.connection)) task.connection.reply(task);
  }

  #retain(task: TargetTask): void {
    task.sentData = new SentData();
    if (task.dataIn.length > this.parameters.maxBurstLength) {
      task.ackTag = this.allocateTransferTag();
    }
    this.answered.add(task);
  }

  /** The answer of a task need not be kept any more. */
  released(task: TargetTask): void {
    this.answered.delete(task);
  }

  deviceFailed(task: TargetTask, error: unknown): void {
    this.#hostOf(task)?.report({ kind: "device-failed", error });
  }

  takeAttention({ unit, cdb }: TargetTask): TaskResult | undefined {
    const attention = this.#attentions.take(unit, cdb[0]);
    return attention && attentionResult(attention, cdb);
  }

  abortOthers(task: TargetTask, isVictim: (nexus: Nexus) => boolean): void {
    this.target?.abortOthers(this, task, isVictim);
  }

  /** Tells the nexus with its next command to `unit` what became of earlier ones (SAM-5 §5.14). */
  tellLater(unit: TaskUnit, attention: TaskAttention): void {
    this.#attentions.add(unit, attention);
  }

  /** Whether the connection that a task has allegiance to carries the session still. */
  isAllegiant(task: TargetTask): boolean {
    return this.#members.has(task.connection);
  }

  #hostOf(task: TargetTask): SessionConnection | undefined {
    return this.connections.find((connection) => connection === task.connection);
  }

  /** Moves a task to another connection, which goes on with it (RFC 7143 §7.2.2). */
  reassign(task: TargetTask, connection: SessionConnection): void {
    task.connection.withdraw(task);
    task.connection = connection;
    task.statSn = undefined;
    task.snackTag = 0;
    if (task.state === "answering") return connection.output.replyAnew(task);
    if (task.state === "collecting") task.collection?.restart();
    this.advance(task);
    task.unit.run();
  }

  /** Ends a task without an answer. */
  abort(task: TargetTask): void {
    if (task.state === "aborted" || task.state === "answering") return;
    task.state = "aborted";
    if (task.begun) task.unit.remove(task);
    const wasClosed = this.order.closed;
    this.#forget(task);
    // No answer tells that the window is open again (RFC 7143 §4.2.2.1).
    if (wasClosed && !this.order.closed && !this.#ended) this.#announceWindow();
  }

  /** Ends a task because another initiator asked for it: TASK ABORTED (SAM-5 §5.3.1). */
  terminate(task: TargetTask): void {
    if (task.state === "aborted" || task.state === "answering") return;
    task.unit.remove(task);
    task.complete({ status: Status.TaskAborted }, 0);
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

  /** Ends the session: its tasks end without an answer, its connections close, and the devices lose the nexus. */
  end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#faults?.end();
    for (const task of [...this.tasks.values()]) this.abort(task);
    this.answered.clear();
    for (const connection of this.#members.clear()) connection.close(error);
    this.target?.sessionEnded(this);
  }

  #forget(task: TargetTask): void {
    this.tasks.delete(task);
    if (task.begun && task.command.immediate) this.#immediateCommands--;
    else if (task.begun) this.order.release();
    this.#memory.release(task);
  }
}

function connectionOf({ connection }: TargetTask): TargetTask["connection"] {
  return connection;
}

function isidText(isid: Uint8Array): string {
  return Array.from(isid, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
