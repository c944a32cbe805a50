/**
 * Recovery within commands on one connection, from error recovery level 1 on: Data-In and R2Ts that were lost or damaged
 * are asked for again, and a response counts once all data before it is there (RFC 7143 §7.1.4.1, §7.8, §11.16).
 *
 * @module
 */

import { serialAdd, serialDistance, serialLess } from "../../connection/serial_number.ts";
import { DataLostError, ProtocolError } from "../../errors.ts";
import { isInOrder } from "../../negotiation/negotiated_parameters.ts";
import { RESERVED_TAG } from "../../pdu/bhs.ts";
import type { DataIn } from "../../pdu/data_in.ts";
import type { Placement } from "../../pdu/framer.ts";
import type { ReadyToTransfer } from "../../pdu/r2t.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import { answerR2t, roomForDataIn } from "../requests/data_transfer.ts";
import type { ScsiTask } from "../requests/scsi_task.ts";
import {
  type DataAcknowledgement,
  DataRecovery,
  MAX_AHEAD,
  type WithheldStatus,
} from "./data_recovery.ts";
import { sendDataAck, sendDataSnack, sendResegmentingSnack } from "./snacks.ts";

/** How long to wait for what was asked for. */
const ASK_AGAIN_MS = 1000;
/** SNACKs for one command before it is given up: recovery is for accidents, not for a line that never works. */
const MAX_REQUESTS = 64;
/** Times in a row that what was asked for did not come. */
const MAX_ROUNDS = 5;

/** What a {@link CommandRecovery} works with. */
export interface CommandRecoveryEvents {
  /** There is one more deadline. */
  include(deadline: number): void;
  /** A response that has come is void: another with the same StatSN will come by itself. */
  replaced(statSn: number, now: number): void;
  /** The data of a task that has no status yet cannot be had: it is to be aborted. */
  unrecoverable(task: ScsiTask, error: DataLostError): void;
  /** A task whose status has come has lost data for good. */
  lost(task: ScsiTask, error: DataLostError): void;
}

/** The commands of one connection that something is missing of. */
export class CommandRecovery {
  readonly #connection: InitiatorConnection;
  readonly #events: CommandRecoveryEvents;
  readonly #tasks: Set<ScsiTask> = new Set();
  #snackTag = 0;
  #now = 0;

  constructor(connection: InitiatorConnection, events: CommandRecoveryEvents) {
    this.#connection = connection;
    this.#events = events;
  }

  /** When to ask again; infinity while nothing is missing. */
  get deadline(): number {
    let earliest = Infinity;
    for (const { recovery } of this.#tasks) {
      earliest = Math.min(earliest, recovery?.deadline ?? Infinity);
    }
    return earliest;
  }

  /**
   * Where the data segment of a Data-In PDU belongs; `undefined` for a repetition, which is thrown away.
   *
   * @throws {ProtocolError} when it does not fit.
   */
  place(task: ScsiTask, pdu: DataIn, length: number): Placement {
    if (!this.#isWanted(task, pdu)) return undefined;
    const isNext = pdu.dataSn === task.nextDataSn;
    if (isNext && pdu.bufferOffset !== task.received && isInOrder(this.#connection.parameters)) {
      throw violation(task, `Data-In starts at offset ${pdu.bufferOffset}, not ${task.received}`);
    }
    return roomForDataIn(task, pdu, length, this.#connection.parameters);
  }

  /** A Data-In PDU has come, with its data in {@link place}; `intact`: its digest was right. */
  dataIn(task: ScsiTask, pdu: DataIn, length: number, intact: boolean, now: number): void {
    this.#now = now;
    if (!this.#isWanted(task, pdu)) return;
    const { streamIn } = task;
    if (!intact) return this.#damaged(task, pdu.dataSn);
    if (pdu.dataSn === task.nextDataSn) this.#advance(task, length);
    else if (streamIn?.isRefused) this.#recoveryOf(task).sent(pdu.dataSn);
    else this.#recoveryOf(task).hold(pdu.dataSn, length);
    streamIn?.arrived();
    if (pdu.acknowledge && pdu.ttt !== RESERVED_TAG) {
      this.#recoveryOf(task).acknowledge = { ttt: pdu.ttt, lun: pdu.lun };
    }
    this.#settle(task);
  }

  /**
   * One past the last DataSN of a task whose response has this ExpDataSN, which counts Data-In alone, where DataSN may
   * count R2Ts as well (RFC 7143 §11.4.8).
   */
  endDataSn(task: ScsiTask | undefined, expDataSn: number): number {
    if (task === undefined || !task.isBidirectional) return expDataSn;
    return serialAdd(task.nextDataSn, serialDistance(task.dataIns, expDataSn));
  }

  /** Whether a response with this end of its data must wait for data, or for a response with another SNACK tag. */
  misses(task: ScsiTask, endDataSn: number): boolean {
    if (task.readLength === 0) return false;
    if (serialLess(task.nextDataSn, endDataSn)) return true;
    return task.recovery?.misses(task.nextDataSn) ?? false;
  }

  /**
   * The target has been silent for long: an R2T that was lost has nothing behind it to show that, so all that there may be
   * is asked for. A target that has sent none has nothing to repeat.
   */
  askForR2ts(task: ScsiTask): void {
    const isWaiting = task.state === "sent" && task.outstandingR2ts === 0 && !task.r2tSnUnknown &&
      task.recovery === undefined && task.requestedBytes < task.writeLength;
    if (isWaiting) {
      sendDataSnack(this.#connection, task.itt, { begin: task.nextR2tSn, length: 0 });
    }
  }

  /** Whether a response is not the one that an R-Data SNACK asked for, and another follows. */
  isOutdated(task: ScsiTask, snackTag: number): boolean {
    const expected = task.recovery?.snackTag ?? 0;
    return expected !== 0 && snackTag !== expected;
  }

  /** A response that came before the data of its command is whole: it acts once it is. */
  withhold(task: ScsiTask, status: WithheldStatus, now: number): void {
    this.#now = now;
    const recovery = this.#recoveryOf(task);
    recovery.status = status;
    if (recovery.refused) return this.#giveUp(task, recovery);
    recovery.sent(status.endDataSn - 1);
    this.#settle(task);
  }

  /** An R2T: answered now, or once those before it have come. */
  readyToTransfer(task: ScsiTask, pdu: ReadyToTransfer, now: number): void {
    this.#now = now;
    if (task.r2tSnUnknown) {
      task.r2tSnUnknown = false;
      task.renumberR2ts(pdu.r2tSn);
    }
    const ahead = serialDistance(task.nextR2tSn, pdu.r2tSn);
    if (ahead < 0 || task.recovery?.has(pdu.r2tSn)) return;
    if (ahead > MAX_AHEAD) throw violation(task, `R2TSN ${pdu.r2tSn} is out of all proportion`);
    if (ahead > 0) {
      this.#recoveryOf(task).holdR2t(pdu);
      return this.#settle(task);
    }
    this.#answer(task, pdu);
    if (task.recovery === undefined) return;
    this.#takeEarly(task, task.recovery);
    this.#settle(task);
  }

  /** The target has rejected a SNACK: what is missing will not come (RFC 7143 §11.16, §11.17.1). */
  refused(task: ScsiTask): void {
    const { recovery } = task;
    if (recovery === undefined) return;
    recovery.refused = true;
    recovery.deadline = Infinity;
    if (recovery.status) this.#giveUp(task, recovery);
  }

  /** Whether data is missing of a task that has come to its end: a SNACK was rejected, or less came than before. */
  isIncomplete(task: ScsiTask): boolean {
    const { recovery } = task;
    return recovery !== undefined && (recovery.refused || task.received < recovery.knownBytes);
  }

  /** A task is over, or goes on elsewhere. */
  end(task: ScsiTask): void {
    if (task.recovery) task.recovery.endStatSn = this.#connection.status.expStatSn;
    this.#tasks.delete(task);
  }

  /** Time has passed. */
  tick(now: number): void {
    this.#now = now;
    for (const task of [...this.#tasks]) {
      const { recovery } = task;
      if (recovery === undefined || task.state !== "sent") this.#tasks.delete(task);
      if (recovery === undefined || task.state !== "sent" || now < recovery.deadline) continue;
      if (++recovery.rounds >= MAX_ROUNDS) this.#giveUp(task, recovery);
      else {
        recovery.askAgain(this.#expected(task));
        this.#ask(task, recovery);
      }
    }
  }

  /** False for what has come before; while all is cut anew, also for what was sent before that. */
  #isWanted(task: ScsiTask, pdu: DataIn): boolean {
    const ahead = serialDistance(task.nextDataSn, pdu.dataSn);
    if (task.recovery !== undefined && task.recovery.snackTag !== 0) {
      return ahead === 0 && pdu.bufferOffset === task.received;
    }
    if (ahead > MAX_AHEAD) throw violation(task, `DataSN ${pdu.dataSn} is out of all proportion`);
    return ahead >= 0 && !task.recovery?.has(pdu.dataSn);
  }

  #advance(task: ScsiTask, length: number): void {
    task.countDataIn(length);
    if (task.recovery === undefined) return;
    task.recovery.rounds = 0;
    this.#takeEarly(task, task.recovery);
  }

  /** What came early counts from now on, as far as nothing is missing before it. */
  #takeEarly(task: ScsiTask, recovery: DataRecovery): void {
    for (;;) {
      const length = recovery.takeData(task.nextDataSn);
      const r2t = recovery.takeR2t(task.nextR2tSn);
      if (length !== undefined) task.countDataIn(length);
      else if (r2t) this.#answer(task, r2t);
      else return;
    }
  }

  #answer(task: ScsiTask, r2t: ReadyToTransfer): void {
    const sequence = answerR2t(task, r2t, this.#connection.parameters);
    if (!task.streamOut?.isGone(sequence.offset)) this.#connection.dataOut.push(sequence);
    else this.#events.unrecoverable(task, dataGone(task));
  }

  #damaged(task: ScsiTask, dataSn: number): void {
    const recovery = this.#recoveryOf(task);
    recovery.sent(dataSn);
    recovery.askAgain(task.nextDataSn);
    this.#ask(task, recovery);
  }

  /** Asks for what is missing, or does what waited for it. */
  #settle(task: ScsiTask): void {
    const { recovery } = task;
    if (recovery === undefined) return;
    if (recovery.misses(this.#expected(task))) return this.#ask(task, recovery);
    recovery.deadline = Infinity;
    this.#tasks.delete(task);
    if (recovery.acknowledge) this.#acknowledge(task, recovery);
    const { status } = recovery;
    if (status === undefined || serialLess(task.nextDataSn, status.endDataSn)) return;
    recovery.status = undefined;
    this.#connection.status.release(status.statSn);
    status.act();
  }

  #acknowledge(task: ScsiTask, recovery: DataRecovery): void {
    const latest = { ...recovery.acknowledge!, nextDataSn: task.nextDataSn };
    recovery.latestAck = latest;
    sendDataAck(this.#connection, () => this.#isDue(recovery, latest) ? latest : undefined);
    recovery.acknowledge = undefined;
    recovery.ackedDataSn = task.nextDataSn;
    recovery.ackedBytes = task.received;
  }

  /**
   * A later one tells as much, as does the acknowledgement of the status, which none must follow (RFC 7143 §11.7.2).
   */
  #isDue({ latestAck, endStatSn }: DataRecovery, ack: DataAcknowledgement): boolean {
    const isLate = endStatSn !== undefined && !serialLess(this.#connection.toldStatSn, endStatSn);
    return ack === latestAck && !isLate;
  }

  #ask(task: ScsiTask, recovery: DataRecovery): void {
    if (recovery.refused) return;
    recovery.deadline = this.#now + ASK_AGAIN_MS;
    this.#tasks.add(task);
    this.#events.include(recovery.deadline);
    if (task.segmentGeneration !== this.#connection.segmentGeneration) {
      return this.#askForAll(task, recovery);
    }
    for (let run = recovery.nextRun(this.#expected(task)); run !== undefined;) {
      if (++recovery.requests > MAX_REQUESTS) return this.#giveUp(task, recovery);
      sendDataSnack(this.#connection, task.itt, run);
      run = recovery.nextRun(this.#expected(task));
    }
  }

  /** The target can no longer send again what it sent: segments have another length now (RFC 7143 §11.16). */
  #askForAll(task: ScsiTask, recovery: DataRecovery): void {
    if (++recovery.requests > MAX_REQUESTS) return this.#giveUp(task, recovery);
    task.segmentGeneration = this.#connection.segmentGeneration;
    task.goOnAt(Math.max(recovery.ackedDataSn, task.firstDataSn));
    recovery.knownBytes = Math.max(recovery.knownBytes, task.received);
    task.received = recovery.ackedBytes;
    recovery.startOver(task.nextDataSn);
    task.streamIn?.startOver();
    if (isInOrder(this.#connection.parameters)) task.pieces = undefined;
    if (recovery.status) {
      // Another response, with the tag, takes its place and has its StatSN.
      this.#connection.status.forget(recovery.status.statSn);
      this.#events.replaced(recovery.status.statSn, this.#now);
      recovery.status = undefined;
    }
    this.#snackTag = this.#snackTag % 0xfffffffe + 1;
    recovery.snackTag = this.#snackTag;
    sendResegmentingSnack(this.#connection, task.itt, recovery.snackTag);
  }

  #expected(task: ScsiTask): number {
    return task.readLength > 0 ? task.nextDataSn : task.nextR2tSn;
  }

  #giveUp(task: ScsiTask, recovery: DataRecovery): void {
    this.#tasks.delete(task);
    recovery.deadline = Infinity;
    recovery.refused = true;
    const error = dataLost(task);
    const { status } = recovery;
    if (status === undefined) return this.#events.unrecoverable(task, error);
    recovery.status = undefined;
    this.#connection.status.release(status.statSn);
    this.#events.lost(task, error);
  }

  #recoveryOf(task: ScsiTask): DataRecovery {
    return task.recovery ??= new DataRecovery(this.#expected(task));
  }
}

function dataGone(task: ScsiTask): DataLostError {
  return new DataLostError(
    `${task.name}: the target asks again for data that its source gave before and that is no longer kept`,
  );
}

/** The error for a command whose data is not whole. */
export function dataLost(task: ScsiTask): DataLostError {
  return new DataLostError(
    `${task.name}: part of its data was lost on the way and did not come again`,
  );
}

function violation(task: ScsiTask, state: string): ProtocolError {
  return new ProtocolError(`${task.name}: ${state}`);
}
