/**
 * PDUs from the target, by operation code: what each does to the session (RFC 7143 §11).
 *
 * @module
 */

import type { ScsiResult } from "../../../scsi/logical_unit.ts";
import { Status, statusName } from "../../../scsi/status.ts";
import { DigestError, ProtocolError, TargetFailureError } from "../../errors.ts";
import {
  dataSegmentLength,
  EXP_CMD_SN,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  OPCODE_MASK,
  readU32,
  RESERVED_TAG,
  STAT_SN,
} from "../../pdu/bhs.ts";
import { type AsyncMessage, decodeAsyncMessage } from "../../pdu/async_message.ts";
import { type DataIn, decodeDataIn } from "../../pdu/data_in.ts";
import { decodeLogoutResponse, type LogoutResponse } from "../../pdu/logout.ts";
import { decodeNopIn } from "../../pdu/nop.ts";
import { Opcode } from "../../pdu/opcode.ts";
import { opcodeName } from "../../pdu/pdu.ts";
import { decodeReadyToTransfer } from "../../pdu/r2t.ts";
import { decodeReject, RejectReason } from "../../pdu/reject.ts";
import {
  decodeResponseSegment,
  decodeScsiResponse,
  ScsiResponseCode,
  scsiResponseName,
} from "../../pdu/scsi_response.ts";
import { decodeTaskManagementResponse } from "../../pdu/task_management.ts";
import { decodeTextResponse } from "../../pdu/text.ts";
import {
  answerR2t,
  dataInArrived,
  placeDataIn,
  signedResidual,
} from "../requests/data_transfer.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import { OrderedResponses } from "../connection/ordered_responses.ts";
import { answerPing, plugGap } from "./outgoing.ts";
import { type RejectedPdu, rejectedPdu, rejectError } from "../requests/rejection.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import { serialLess, serialLessOrEqual } from "../../connection/serial_number.ts";
import type { Request, SessionState } from "./session_state.ts";
import type { Abort, TaskSetRequest } from "../requests/task_management_requests.ts";
import { TextExchange } from "../requests/text_exchange.ts";

/** What the session does about the PDUs that concern more than one request. */
export interface IncomingEvents {
  /** The time of what is being taken in. */
  now(): number;
  requestEnded(): void;
  aborted(abort: Abort, response: number): void;
  taskSetAnswered(request: TaskSetRequest, response: number): void;
  asyncMessage(message: AsyncMessage): void;
  /** The target takes nothing but a logout any more. */
  logoutDemanded(): void;
  loggedOut(response: LogoutResponse): void;
  /** Something odd that harms nobody. */
  notice(message: string, properties: Record<string, unknown>): void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The statuses that Data-In may carry; all others come in a SCSI Response (RFC 7143 §11.7). The last two: SAM-3. */
const DATA_IN_STATUSES: ReadonlySet<number> = new Set([
  Status.Good,
  Status.ConditionMet,
  0x10,
  0x14,
]);

/** Takes the PDUs of full feature phase. Every method throws {@link ProtocolError} when the target broke a rule. */
export class Incoming {
  readonly #state: SessionState;
  readonly #events: IncomingEvents;
  readonly #ordered: OrderedResponses = new OrderedResponses();
  #dataIn: DataIn | undefined;

  constructor(state: SessionState, events: IncomingEvents) {
    this.#state = state;
    this.#events = events;
  }

  /** When responses will have been missing for too long; infinity when none are. */
  get deadline(): number {
    return this.#ordered.deadline;
  }

  /** The session is over: answers that could not be trusted yet are forgotten. */
  abandon(): void {
    this.#ordered.abandon();
  }

  /** Data-In goes straight into the buffer of its command; everything else is short and goes to the framer's own. */
  place(header: Uint8Array, length: number): Uint8Array | undefined {
    if ((header[OPCODE] & OPCODE_MASK) !== Opcode.DataIn) return undefined;
    const pdu = decodeDataIn(header);
    this.#dataIn = pdu;
    const task = this.#scsiTask(header);
    return task ? placeDataIn(task, pdu, length) : undefined;
  }

  receive(
    connection: InitiatorConnection,
    header: Uint8Array,
    data: Uint8Array,
    intact: boolean,
  ): void {
    const opcode = header[OPCODE] & OPCODE_MASK;
    if (!intact) {
      throw new DigestError(`Receive ${opcodeName(opcode)}: the data digest does not match`, {
        segment: "data",
      });
    }
    this.#state.window.update(readU32(header, EXP_CMD_SN), readU32(header, MAX_CMD_SN));
    this.#dispatch(opcode, connection, header, data);
    this.#ordered.release(connection.status.expStatSn, this.#events.now());
  }

  #dispatch(
    opcode: number,
    connection: InitiatorConnection,
    header: Uint8Array,
    data: Uint8Array,
  ): void {
    switch (opcode) {
      case Opcode.DataIn:
        return this.#dataInPdu(connection, header);
      case Opcode.ScsiResponse:
        return this.#scsiResponse(connection, header, data);
      case Opcode.ReadyToTransfer:
        return this.#readyToTransfer(connection, header);
      case Opcode.NopIn:
        return this.#nopIn(connection, header);
      case Opcode.TaskManagementResponse:
        return this.#taskManagementResponse(connection, header);
      case Opcode.TextResponse:
        return this.#textResponse(connection, header, data);
      case Opcode.LogoutResponse:
        return this.#logoutResponse(connection, header);
      case Opcode.AsyncMessage:
        if (!this.#advance(connection, header)) return;
        return this.#events.asyncMessage(decodeAsyncMessage(header));
      case Opcode.Reject:
        return this.#reject(connection, header, data);
      default:
        throw new ProtocolError(
          `Receive a PDU: ${opcodeName(opcode)} does not belong in the full feature phase`,
        );
    }
  }

  /**
   * Takes in a StatSN that counts; false for a repetition, which is ignored. At error recovery level 0 nothing is ever sent twice: there a repetition
   * means that the target has mixed up its answers, and the one that it should have been will not come.
   */
  #advance(connection: InitiatorConnection, header: Uint8Array): boolean {
    const statSn = readU32(header, STAT_SN);
    const expected = connection.status.expStatSn;
    const arrival = connection.status.accept(statSn);
    if (arrival === "gap") {
      throw new ProtocolError(
        `Receive a PDU: its StatSN is ${statSn}, expected ${expected}; responses are missing`,
      );
    }
    if (arrival !== "duplicate") return true;
    if (connection.parameters.errorRecoveryLevel === 0) {
      throw new ProtocolError(`Receive a PDU: its StatSN ${statSn} has come before`);
    }
    this.#events.notice("A response with an old StatSN was ignored", { statSn, expected });
    return false;
  }

  /** Acts on a response now, or once those before it have come. */
  #inOrder(connection: InitiatorConnection, statSn: number, act: () => void): void {
    if (serialLess(statSn, connection.status.expStatSn)) return act();
    const now = this.#events.now();
    this.#ordered.hold(statSn, act, now);
    this.#state.deadlines.include(this.#ordered.deadline);
  }

  #dataInPdu(connection: InitiatorConnection, header: Uint8Array): void {
    const pdu = this.#dataIn!;
    if (pdu.hasStatus && !this.#advance(connection, header)) return;
    const task = this.#scsiTask(header);
    if (!task) return;
    dataInArrived(task, dataSegmentLength(header));
    if (!pdu.hasStatus) return;
    if (!DATA_IN_STATUSES.has(pdu.status)) {
      const status = statusName(pdu.status);
      throw new ProtocolError(`${task.name}: ${status} came with Data-In, where no error belongs`);
    }
    this.#finish(connection, pdu.statSn, task, {
      status: pdu.status,
      sense: NO_BYTES,
      dataInLength: task.received,
      residual: signedResidual(task, pdu),
    });
  }

  #scsiResponse(connection: InitiatorConnection, header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const task = this.#scsiTask(header);
    if (!task) return;
    const pdu = decodeScsiResponse(header);
    if (pdu.response !== ScsiResponseCode.CommandCompletedAtTarget) {
      return this.#inOrder(connection, pdu.statSn, () => {
        this.#end(connection, task);
        task.fail(targetFailure(task, pdu.response));
      });
    }
    if (pdu.status === Status.CheckCondition && data.length === 0) {
      this.#events.notice("CHECK CONDITION came without sense data", { command: task.name });
    }
    this.#finish(connection, pdu.statSn, task, {
      status: pdu.status,
      sense: decodeResponseSegment(data).sense,
      dataInLength: task.received,
      residual: signedResidual(task, pdu),
    });
  }

  #readyToTransfer(connection: InitiatorConnection, header: Uint8Array): void {
    const task = this.#scsiTask(header);
    if (!task) return;
    const pdu = decodeReadyToTransfer(header);
    connection.dataOut.push(answerR2t(task, pdu, connection.parameters));
  }

  /** Only the answer to a ping of ours advances StatSN; a target's own ping carries it (RFC 7143 §11.19.2). */
  #nopIn(connection: InitiatorConnection, header: Uint8Array): void {
    const pdu = decodeNopIn(header);
    if (pdu.itt !== RESERVED_TAG) {
      if (pdu.ttt !== RESERVED_TAG) {
        throw new ProtocolError("Receive NOP-In: it has both an initiator and a target tag");
      }
      if (!this.#advance(connection, header)) return;
      const request = this.#request(header);
      if (request && !hasKind(request, "ping")) throw mismatch(header);
      this.#state.requests.delete(pdu.itt);
    } else if (pdu.ttt !== RESERVED_TAG) {
      answerPing(this.#state, connection, pdu);
    }
  }

  #taskManagementResponse(connection: InitiatorConnection, header: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const { statSn, response } = decodeTaskManagementResponse(header);
    const request = this.#request(header);
    if (!request) return;
    if (hasKind(request, "task-set")) {
      this.#inOrder(connection, statSn, () => this.#events.taskSetAnswered(request, response));
    } else if (hasKind(request, "abort")) {
      this.#inOrder(connection, statSn, () => this.#events.aborted(request, response));
    } else {
      throw mismatch(header);
    }
  }

  #textResponse(connection: InitiatorConnection, header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const request = this.#request(header);
    if (!request) return;
    if (!(request instanceof TextExchange) || this.#state.queue.includes(request)) {
      throw mismatch(header);
    }
    const more = request.receive(decodeTextResponse(header), data);
    if (more) this.#state.queue.unshift(request);
    else this.#state.textEnded(request);
    this.#events.requestEnded();
  }

  #logoutResponse(connection: InitiatorConnection, header: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const request = this.#request(header);
    if (!request) return;
    if (!hasKind(request, "logout")) throw mismatch(header);
    const response = decodeLogoutResponse(header);
    this.#inOrder(connection, response.statSn, () => this.#events.loggedOut(response));
  }

  #reject(connection: InitiatorConnection, header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const pdu = decodeReject(header);
    const rejected = rejectedPdu(pdu, data);
    const { reasonName: reason, pduName } = rejected;
    this.#events.notice("The target rejected a PDU", { reason, pdu: pduName });
    const request = this.#state.requests.get(rejected.itt);
    if (request) this.#rejected(connection, rejected, request, pdu.expCmdSn);
    if (rejected.reason === RejectReason.WaitingForLogout) this.#events.logoutDemanded();
  }

  /** Only the Reject of a request ends it; a rejected data PDU is followed by a response (RFC 7143 §7.3). */
  #rejected(
    connection: InitiatorConnection,
    rejected: RejectedPdu,
    request: Request,
    expCmdSn: number,
  ): void {
    if (request instanceof ScsiTask) {
      if (rejected.opcode !== Opcode.ScsiCommand) return;
      this.#end(connection, request);
      if (serialLessOrEqual(expCmdSn, request.cmdSn)) {
        plugGap(this.#state, connection, request.cmdSn);
      }
      request.fail(rejectError(rejected));
    } else if (request instanceof TextExchange) {
      this.#state.unqueue(request);
      this.#state.textEnded(request);
      request.fail(rejectError(rejected));
      this.#events.requestEnded();
    } else if (request.kind === "task-set") {
      this.#state.endTaskSetRequest(request);
      request.owner.failed(rejectError(rejected));
    } else if (request.kind === "ping") {
      this.#state.requests.delete(request.itt);
    } else {
      throw rejectError(rejected);
    }
  }

  #finish(
    connection: InitiatorConnection,
    statSn: number,
    task: ScsiTask,
    result: ScsiResult,
  ): void {
    if (serialLess(statSn, connection.status.expStatSn)) {
      this.#end(connection, task);
      task.complete(result);
    } else {
      this.#inOrder(connection, statSn, () => {
        this.#end(connection, task);
        task.complete(result);
      });
    }
  }

  #end(connection: InitiatorConnection, task: ScsiTask): void {
    this.#state.requests.delete(task.itt);
    connection.dataOut.drop(task);
    this.#events.requestEnded();
  }

  /** The command that a PDU answers; `undefined` when it is over and the PDU came late. */
  #scsiTask(header: Uint8Array): ScsiTask | undefined {
    const request = this.#request(header);
    if (request === undefined || request instanceof ScsiTask) return request;
    throw mismatch(header);
  }

  #request(header: Uint8Array): Request | undefined {
    const itt = readU32(header, INITIATOR_TASK_TAG);
    const request = this.#state.requests.get(itt);
    if (request || this.#state.requests.wasUsed(itt)) return request;
    const name = opcodeName(header[OPCODE] & OPCODE_MASK);
    throw new ProtocolError(`Receive ${name}: no request has the tag ${itt}`);
  }
}

function hasKind<Kind extends string>(
  request: Request,
  kind: Kind,
): request is Extract<Request, { kind: Kind }> {
  return "kind" in request && request.kind === kind;
}

function mismatch(header: Uint8Array): ProtocolError {
  const name = opcodeName(header[OPCODE] & OPCODE_MASK);
  return new ProtocolError(`Receive ${name}: its tag belongs to a request of another kind`);
}

function targetFailure(task: ScsiTask, response: number): TargetFailureError {
  const name = scsiResponseName(response);
  return new TargetFailureError(`${task.name}: the target reports ${name}`, { response });
}
