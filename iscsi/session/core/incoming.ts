/**
 * PDUs from the target, by operation code: what each does to the session (RFC 7143 §11).
 *
 * @module
 */

import { readU32 } from "../../../scsi/big_endian.ts";
import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { Status } from "../../../scsi/status.ts";
import { DigestError, ProtocolError, TargetFailureError } from "../../errors.ts";
import {
  dataSegmentLength,
  EXP_CMD_SN,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  OPCODE_MASK,
  RESERVED_TAG,
  STAT_SN,
} from "../../pdu/bhs.ts";
import { decodeAsyncMessage } from "../../pdu/async_message.ts";
import { type DataIn, decodeDataIn } from "../../pdu/data_in.ts";
import { decodeLogoutResponse } from "../../pdu/logout.ts";
import { decodeNopIn } from "../../pdu/nop.ts";
import { Opcode } from "../../pdu/opcode.ts";
import type { Placement } from "../../pdu/framer.ts";
import { opcodeName } from "../../pdu/pdu.ts";
import { decodeReadyToTransfer } from "../../pdu/r2t.ts";
import {
  decodeScsiResponse,
  type ScsiResponse,
  ScsiResponseCode,
  scsiResponseName,
} from "../../pdu/scsi_response.ts";
import { decodeTaskManagementResponse } from "../../pdu/task_management.ts";
import { decodeTextResponse } from "../../pdu/text.ts";
import { dataInResult, responseResult } from "../requests/command_result.ts";
import { answerR2t, checkCount, checkWhole, placeDataIn } from "../requests/data_transfer.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import { OrderedResponses } from "../connection/ordered_responses.ts";
import { AnsweredRequests, hasKind, mismatch } from "./answered_requests.ts";
import { answerPing } from "./outgoing.ts";
import type { IncomingEvents } from "./incoming_events.ts";
import { Rejections } from "./rejections.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import { serialAdd, serialLess } from "../../connection/serial_number.ts";
import { CommandRecovery, dataLost } from "../recovery/command_recovery.ts";
import { StatusRecovery } from "../recovery/status_recovery.ts";
import type { SessionState } from "./session_state.ts";
import { TextExchange } from "../requests/text_exchange.ts";

/**
 * Takes the PDUs of full feature phase of one connection. Every method throws {@link ProtocolError} when the target broke
 * a rule.
 */
export class Incoming {
  readonly #state: SessionState;
  readonly #connection: InitiatorConnection;
  readonly #events: IncomingEvents;
  readonly #requests: AnsweredRequests;
  readonly #ordered: OrderedResponses = new OrderedResponses();
  readonly #commands: CommandRecovery;
  readonly #responses: StatusRecovery;
  readonly #rejections: Rejections;
  #dataIn: DataIn | undefined;
  /** The command whose buffer the PDU that is arriving fills: until then its owner, to whom it falls, hears of no end. */
  #filled: ScsiTask | undefined;

  constructor(state: SessionState, connection: InitiatorConnection, events: IncomingEvents) {
    this.#state = state;
    this.#connection = connection;
    this.#events = events;
    this.#requests = new AnsweredRequests(state, connection);
    this.#responses = new StatusRecovery(connection);
    this.#commands = new CommandRecovery(connection, {
      include: (deadline) => state.deadlines.include(deadline),
      replaced: (statSn, now) => this.#responses.expect(statSn, now),
      unrecoverable: (task, error) => events.unrecoverable(task, error),
      lost: (task, error) => {
        this.#end(task);
        task.fail(error);
      },
    });
    this.#rejections = new Rejections(state, connection, {
      commands: this.#commands,
      events,
      end: (task) => this.#end(task),
    });
  }

  /** When {@link tick} is due; infinity when nothing is missing. */
  get deadline(): number {
    if (this.#level === 0) return this.#ordered.deadline;
    return Math.min(this.#responses.deadline, this.#commands.deadline);
  }

  /** Time has passed. */
  tick(now: number): void {
    if (this.#level > 0) {
      this.#commands.tick(now);
      this.#responses.tick(now);
    } else if (now >= this.#ordered.deadline) {
      throw new ProtocolError("Receive responses: one is missing between others that came");
    }
  }

  /** Nothing has come for long, while commands are under way. */
  probe(): void {
    for (const request of this.#state.requests.values()) {
      const isMine = request instanceof ScsiTask && request.cid === this.#connection.cid;
      if (isMine) this.#commands.askForR2ts(request);
    }
  }

  /** Reading goes on after it was held up: responses that are missing get their time anew. */
  resume(now: number): void {
    this.#ordered.resume(now);
  }

  /** The connection is over: answers that could not be trusted yet are forgotten. */
  abandon(): void {
    this.#ordered.abandon();
  }

  /** Data-In goes straight into the buffer of its command; everything else is short and goes to the framer's own. */
  place(header: Uint8Array, length: number): Placement {
    // What waits for the window goes out before the data is here.
    this.#state.window.update(readU32(header, EXP_CMD_SN), readU32(header, MAX_CMD_SN));
    if ((header[OPCODE] & OPCODE_MASK) !== Opcode.DataIn) return undefined;
    const pdu = decodeDataIn(header);
    this.#dataIn = pdu;
    const task = this.#requests.command(header);
    if (task === undefined) return undefined;
    const place = this.#level === 0
      ? placeDataIn(task, pdu, length, this.#connection.parameters)
      : this.#commands.place(task, pdu, length);
    if (place !== undefined && task.streamIn === undefined) this.#hold(task);
    return place;
  }

  #hold(task: ScsiTask): void {
    task.hold();
    this.#filled = task;
  }

  /** The buffer of no command is filled any more. */
  release(): void {
    const task = this.#filled;
    this.#filled = undefined;
    task?.release();
  }

  receive(header: Uint8Array, data: Uint8Array, intact: boolean): void {
    this.release();
    const opcode = header[OPCODE] & OPCODE_MASK;
    if (!intact && this.#level === 0) {
      throw new DigestError(`Receive ${opcodeName(opcode)}: the data digest does not match`, {
        segment: "data",
      });
    }
    if (opcode === Opcode.DataIn) this.#dataInPdu(header, intact);
    else if (intact) this.#dispatch(opcode, header, data);
    else this.#damaged(opcode, header);
    this.#ordered.release(this.#connection.status.expStatSn, this.#events.now());
    if (this.#level > 0) this.#checkResponses();
  }

  get #level(): number {
    return this.#connection.parameters.errorRecoveryLevel;
  }

  #checkResponses(): void {
    this.#responses.check(this.#events.now());
    this.#state.deadlines.include(this.#responses.deadline);
  }

  /** A response whose data cannot be trusted counts as not received: it is asked for again (RFC 7143 §7.8). */
  #damaged(opcode: number, header: Uint8Array): void {
    this.#events.notice("A PDU with a wrong data digest was thrown away", {
      pdu: opcodeName(opcode),
    });
    const carriesOnly = opcode === Opcode.ReadyToTransfer ||
      (opcode === Opcode.NopIn && readU32(header, INITIATOR_TASK_TAG) === RESERVED_TAG);
    if (carriesOnly) return;
    this.#connection.status.sent(readU32(header, STAT_SN));
    this.#responses.askAgain();
  }

  #dispatch(opcode: number, header: Uint8Array, data: Uint8Array): void {
    switch (opcode) {
      case Opcode.ScsiResponse:
        return this.#scsiResponse(header, data);
      case Opcode.ReadyToTransfer:
        return this.#readyToTransfer(header);
      case Opcode.NopIn:
        return this.#nopIn(header);
      case Opcode.TaskManagementResponse:
        return this.#taskManagementResponse(header);
      case Opcode.TextResponse:
        return this.#textResponse(header, data);
      case Opcode.LogoutResponse:
        return this.#logoutResponse(header);
      case Opcode.AsyncMessage:
        if (!this.#advance(header)) return;
        return this.#events.asyncMessage(decodeAsyncMessage(header));
      case Opcode.Reject:
        if (this.#advance(header)) this.#rejections.take(header, data);
        return;
      default:
        throw new ProtocolError(
          `Receive a PDU: ${opcodeName(opcode)} does not belong in the full feature phase`,
        );
    }
  }

  /**
   * Takes in a StatSN that counts; false for a repetition, which is ignored. At error recovery level 0 nothing is ever
   * sent twice: there a repetition means that the target has mixed up its answers, and the one that it should have been
   * will not come. `withhold`: it must not be acknowledged yet.
   */
  #advance(header: Uint8Array, withhold = false): boolean {
    const statSn = readU32(header, STAT_SN);
    const { status, parameters } = this.#connection;
    const expected = status.expStatSn;
    const arrival = status.accept(statSn, withhold);
    if (arrival === "gap") {
      throw new ProtocolError(
        `Receive a PDU: its StatSN is ${statSn}, expected ${expected}; responses are missing`,
      );
    }
    if (arrival !== "duplicate") return true;
    if (parameters.errorRecoveryLevel === 0) {
      throw new ProtocolError(`Receive a PDU: its StatSN ${statSn} has come before`);
    }
    this.#events.notice("A response with an old StatSN was ignored", { statSn, expected });
    return false;
  }

  /** Acts on a response now, or once those before it have come. */
  #inOrder(statSn: number, act: () => void): void {
    if (serialLess(statSn, this.#connection.status.expStatSn)) return act();
    this.#ordered.hold(statSn, act, this.#events.now());
    if (this.#level === 0) this.#state.deadlines.include(this.#ordered.deadline);
  }

  #dataInPdu(header: Uint8Array, intact: boolean): void {
    const pdu = this.#dataIn!;
    if (this.#level > 0) return this.#recoverableDataIn(pdu, header, intact);
    if (pdu.hasStatus && !this.#advance(header)) return;
    const task = this.#requests.command(header);
    if (!task) return;
    task.countDataIn(dataSegmentLength(header));
    task.streamIn?.arrived();
    if (!pdu.hasStatus) return;
    checkWhole(task);
    this.#finish(pdu.statSn, task, dataInResult(task, pdu));
  }

  /** The same where what was lost can be had again: status counts once all data is there. */
  #recoverableDataIn(pdu: DataIn, header: Uint8Array, intact: boolean): void {
    const task = this.#requests.command(header);
    if (task) {
      this.#commands.dataIn(task, pdu, dataSegmentLength(header), intact, this.#events.now());
    }
    if (!intact || !pdu.hasStatus || (task && this.#commands.isOutdated(task, 0))) return;
    this.#recoverableStatus(header, task, serialAdd(pdu.dataSn, 1), () => {
      checkWhole(task!);
      const result = dataInResult(task!, pdu);
      this.#end(task!);
      task!.complete(result);
    });
  }

  /** Takes in the end of a command; `act` is what it means once all data before `endDataSn` has come. */
  #recoverableStatus(
    header: Uint8Array,
    task: ScsiTask | undefined,
    endDataSn: number,
    act: () => void,
  ): void {
    const withhold = task !== undefined && this.#commands.misses(task, endDataSn);
    if (!this.#advance(header, withhold) || !task) return;
    const statSn = readU32(header, STAT_SN);
    if (!withhold) return this.#inOrder(statSn, act);
    const status = { statSn, endDataSn, act: () => this.#inOrder(statSn, act) };
    this.#commands.withhold(task, status, this.#events.now());
    // What was held back behind it may act now.
    this.#ordered.release(this.#connection.status.expStatSn, this.#events.now());
  }

  #scsiResponse(header: Uint8Array, data: Uint8Array): void {
    const pdu = decodeScsiResponse(header);
    if (this.#level > 0) return this.#recoverableResponse(pdu, header, data);
    if (!this.#advance(header)) return;
    const task = this.#requests.command(header);
    if (task === undefined) return;
    if (pdu.response === ScsiResponseCode.CommandCompletedAtTarget) checkCount(task, pdu);
    this.#respond(task, pdu, data);
  }

  #recoverableResponse(pdu: ScsiResponse, header: Uint8Array, data: Uint8Array): void {
    const task = this.#requests.command(header);
    if (task && this.#commands.isOutdated(task, pdu.snackTag)) return;
    const isWhole = pdu.response === ScsiResponseCode.CommandCompletedAtTarget;
    const segment = data.slice();
    const endDataSn = isWhole ? this.#commands.endDataSn(task, pdu.expDataSn) : 0;
    this.#recoverableStatus(header, task, endDataSn, () => {
      if (this.#commands.isIncomplete(task!) && pdu.status === Status.Good) {
        this.#end(task!);
        return task!.fail(dataLost(task!));
      }
      this.#respond(task!, pdu, segment);
    });
  }

  /** The response of a command, whose StatSN has been taken in. */
  #respond(task: ScsiTask, pdu: ScsiResponse, data: Uint8Array): void {
    if (pdu.response !== ScsiResponseCode.CommandCompletedAtTarget) {
      return this.#inOrder(pdu.statSn, () => {
        this.#end(task);
        task.fail(targetFailure(task, pdu.response));
      });
    }
    if (pdu.status === Status.CheckCondition && data.length === 0) {
      this.#events.notice("CHECK CONDITION came without sense data", { command: task.name });
    }
    this.#finish(pdu.statSn, task, responseResult(task, pdu, data));
  }

  #readyToTransfer(header: Uint8Array): void {
    const task = this.#requests.command(header);
    if (!task) return;
    const pdu = decodeReadyToTransfer(header);
    if (this.#level > 0) return this.#commands.readyToTransfer(task, pdu, this.#events.now());
    this.#connection.dataOut.push(answerR2t(task, pdu, this.#connection.parameters));
  }

  /** Only the answer to a ping of ours advances StatSN; a target's own ping carries it (RFC 7143 §11.19.2). */
  #nopIn(header: Uint8Array): void {
    const pdu = decodeNopIn(header);
    if (pdu.itt !== RESERVED_TAG) {
      if (pdu.ttt !== RESERVED_TAG) {
        throw new ProtocolError("Receive NOP-In: it has both an initiator and a target tag");
      }
      if (!this.#advance(header)) return;
      const request = this.#requests.any(header);
      if (request && !hasKind(request, "ping")) throw mismatch(header);
      this.#state.requests.delete(pdu.itt);
    } else if (pdu.ttt !== RESERVED_TAG) {
      answerPing(this.#state, this.#connection, pdu);
    } else if (this.#level > 0) {
      // It carries the StatSN of the next response: those before it have been sent.
      this.#connection.status.sent(serialAdd(pdu.statSn, -1));
    }
  }

  #taskManagementResponse(header: Uint8Array): void {
    if (!this.#advance(header)) return;
    const { statSn, response } = decodeTaskManagementResponse(header);
    const request = this.#requests.any(header);
    if (!request) return;
    if (hasKind(request, "task-set")) {
      this.#inOrder(statSn, () => this.#events.taskSetAnswered(request, response));
    } else if (hasKind(request, "abort")) {
      this.#inOrder(statSn, () => this.#events.aborted(request, response));
    } else if (hasKind(request, "reassign")) {
      this.#inOrder(statSn, () => this.#events.reassigned(request, response));
    } else {
      throw mismatch(header);
    }
  }

  #textResponse(header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(header)) return;
    const request = this.#requests.any(header);
    if (!request) return;
    if (!(request instanceof TextExchange) || this.#state.queue.includes(request)) {
      throw mismatch(header);
    }
    const more = request.receive(decodeTextResponse(header), data);
    if (more) this.#state.queue.unshift(request);
    else this.#state.textEnded(request);
    this.#events.requestEnded();
  }

  #logoutResponse(header: Uint8Array): void {
    if (!this.#advance(header)) return;
    const request = this.#requests.any(header);
    if (!request) return;
    if (!hasKind(request, "logout")) throw mismatch(header);
    const response = decodeLogoutResponse(header);
    this.#inOrder(response.statSn, () => this.#events.loggedOut(request, response));
  }

  #finish(statSn: number, task: ScsiTask, result: ScsiResult): void {
    if (serialLess(statSn, this.#connection.status.expStatSn)) {
      this.#end(task);
      task.complete(result);
    } else {
      this.#inOrder(statSn, () => {
        this.#end(task);
        task.complete(result);
      });
    }
  }

  #end(task: ScsiTask): void {
    this.#state.requests.delete(task.itt);
    this.#connection.dataOut.drop(task);
    if (task.recovery) this.#commands.end(task);
    this.#events.requestEnded();
  }
}

function targetFailure(task: ScsiTask, response: number): TargetFailureError {
  const name = scsiResponseName(response);
  return new TargetFailureError(`${task.name}: the target reports ${name}`, { response });
}
