/**
 * One SCSI command inside the target: from the moment its header is here until its answer has left (SAM-5 §5.1).
 *
 * @module
 */

import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import type { ScsiCommand } from "../../../iscsi/pdu/scsi_command.ts";
import { Status } from "../../../scsi/status.ts";
import type { DeviceServer, Nexus, TaskResult } from "../../device_server.ts";
import type { DataCollection } from "./data_collection.ts";
import type { MemoryClaim } from "./data_out_memory.ts";
import { NO_RESIDUAL, type Residual, residualOf } from "./residual.ts";
import type { SentData } from "./sent_data.ts";
import { taskSense } from "./task_sense.ts";

/** What a task tells the session that it belongs to. */
export interface TaskOwner {
  readonly nexus: Nexus;
  /** The answer of `task` may go out. */
  taskCompleted(task: TargetTask): void;
  /** The answers that wait to go out leave room for another: a device may go on to the next task. */
  hasRoom(task: TargetTask): boolean;
  /** A device threw instead of answering. */
  deviceFailed(task: TargetTask, error: unknown): void;
  /** What `task` comes to for a unit attention that the nexus has for the target's own doing; it is reported once. */
  takeAttention(task: TargetTask): TaskResult | undefined;
  /** `task` has ended the tasks of other nexuses at its unit. */
  abortOthers(task: TargetTask, isVictim: (nexus: Nexus) => boolean): void;
}

/** What a task asks of the connection that it has allegiance to. */
export interface TaskConnection {
  /** Queues the answer to a SCSI command. */
  reply(task: TargetTask): void;
  /** The answer of `task` is going to leave on another connection. */
  withdraw(task: TargetTask): void;
  /** Asks for the next part of a command's data, with this Target Transfer Tag. */
  sendR2t(task: TargetTask, ttt: number): void;
  /** Whether the Data-In that waits leaves room for more; when not, the session hears once it does. */
  hasRoomForData(): boolean;
}

/** The task set that a task lines up in. */
export interface TaskUnit {
  readonly device: DeviceServer;
  /** Whether nothing waits and nothing runs. */
  readonly idle: boolean;
  /** All tasks that have not been answered. */
  tasks(): TargetTask[];
  /** Lines up a task. */
  add(task: TargetTask): void;
  /** Takes a task out; the result of one that runs will be dropped. */
  remove(task: TargetTask): void;
  /** A task may have become ready, or there is room for answers again: runs what can run. */
  run(): void;
}

/**
 * `collecting` its data, `ready` for the device, `running` there, `answering`, or `aborted`: no answer will go out. One
 * that is `stuck` stays so until it is aborted.
 */
export type TargetTaskState =
  | "collecting"
  | "ready"
  | "running"
  | "answering"
  | "aborted"
  | "stuck";

/** What a task is made of. */
export interface TargetTaskParts {
  readonly owner: TaskOwner;
  /** The connection that the command came on. */
  readonly connection: TaskConnection;
  readonly unit: TaskUnit;
  readonly command: ScsiCommand;
  /** The whole CDB, extended segment included. */
  readonly cdb: Uint8Array;
  /** Bytes that the initiator expects to read. */
  readonly readLength: number;
  /** Undefined for a command that brings no data. */
  readonly collection: DataCollection | undefined;
  /** The transfer is more than the target does. */
  readonly refused: boolean;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** One SCSI command and its progress. */
export class TargetTask {
  readonly owner: TaskOwner;
  readonly unit: TaskUnit;
  readonly command: ScsiCommand;
  readonly cdb: Uint8Array;
  readonly readLength: number;
  readonly collection: DataCollection | undefined;
  readonly #refused: boolean;
  /** The connection that it has allegiance to, which may be over (RFC 7143 §4.2.2.2). */
  connection: TaskConnection;
  state: TargetTaskState = "collecting";
  /** Delivered in the order of CmdSN: it holds a place in the window, unless it is immediate. */
  begun = false;
  /** The share of the session's memory that its data takes, or waits for. */
  claim: MemoryClaim | undefined;
  waitsForMemory = false;
  nextR2tSn = 0;

  /** The answer: SCSI status, sense data, data cut to what is expected, and what was too much or too little. */
  status = 0;
  sense: Uint8Array = NO_BYTES;
  dataIn: Uint8Array = NO_BYTES;
  writeResidual: Residual = NO_RESIDUAL;
  readResidual: Residual = NO_RESIDUAL;
  /** Progress of sending it. */
  sent = 0;
  nextDataSn = 0;
  /** The tag with which its Data-In is acknowledged, where the target asks for that. */
  ackTag: number = RESERVED_TAG;
  /** How its Data-In was cut; kept where it may be asked for again. */
  sentData: SentData | undefined;
  /** Of the R-Data SNACK that had its data cut anew; 0 without. */
  snackTag = 0;
  /** StatSN of its status, once that was sent on the connection that it has allegiance to, and is kept. */
  statSn: number | undefined;

  constructor(parts: TargetTaskParts) {
    this.owner = parts.owner;
    this.connection = parts.connection;
    this.unit = parts.unit;
    this.command = parts.command;
    this.cdb = parts.cdb;
    this.readLength = parts.readLength;
    this.collection = parts.collection;
    this.#refused = parts.refused;
  }

  get holdsMemory(): boolean {
    return this.claim !== undefined && !this.waitsForMemory;
  }

  get itt(): number {
    return this.command.itt;
  }

  /** Both directions in one command. */
  get bidirectional(): boolean {
    return this.command.read && this.command.write;
  }

  /** Bytes that the initiator expects to write. */
  get writeLength(): number {
    return this.command.write ? this.command.expectedDataTransferLength : 0;
  }

  /** Why the device is not to be asked: sense data for an answer of the target's own. */
  get refusal(): Uint8Array | undefined {
    if (this.#refused) return taskSense("invalidField");
    const fault = this.collection?.fault;
    return fault && taskSense(fault);
  }

  /** The data for the device: at most `wanted` bytes. */
  dataOut(wanted: number): Uint8Array {
    const data = this.collection?.data ?? NO_BYTES;
    return data.length > wanted ? data.subarray(0, wanted) : data;
  }

  /** Takes the device's answer; `wanted` is how much Data-Out the CDB asks for. */
  complete(result: TaskResult, wanted: number): void {
    const { status, sense = NO_BYTES, dataIn = NO_BYTES } = result;
    this.status = status;
    this.sense = sense;
    this.dataIn = dataIn.length > this.readLength ? dataIn.subarray(0, this.readLength) : dataIn;
    if (this.command.write) this.writeResidual = residualOf(this.writeLength, wanted);
    if (this.command.read || !this.command.write) {
      this.readResidual = residualOf(this.readLength, dataIn.length);
    }
  }

  /** What was sent and not acknowledged is going to be sent anew, cut to what the initiator takes now. */
  rewind(): void {
    const { offset, dataSn } = this.sentData?.restart() ?? { offset: 0, dataSn: 0 };
    this.sent = offset;
    this.nextDataSn = dataSn;
  }

  /** Ends the task without a device, no byte of data having moved: CHECK CONDITION with sense data of the target's own. */
  refuse(sense: Uint8Array): void {
    this.complete({ status: Status.CheckCondition, sense }, 0);
  }
}
