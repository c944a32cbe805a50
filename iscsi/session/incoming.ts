/**
 * PDUs from the target, by operation code: what each does to the session (RFC 7143 §11).
 *
 * @module
 */

import type { ScsiResult } from "../../scsi/logical_unit.ts";
import { DigestError, ProtocolError, RejectError, TargetFailureError } from "../errors.ts";
import {
  BHS_LENGTH,
  dataSegmentLength,
  EXP_CMD_SN,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  OPCODE_MASK,
  readU32,
  RESERVED_TAG,
  STAT_SN,
} from "../pdu/bhs.ts";
import { type AsyncMessage, decodeAsyncMessage } from "../pdu/async_message.ts";
import { type DataIn, decodeDataIn } from "../pdu/data_in.ts";
import { decodeLogoutResponse, type LogoutResponse } from "../pdu/logout.ts";
import { decodeNopIn } from "../pdu/nop.ts";
import { Opcode } from "../pdu/opcode.ts";
import { opcodeName } from "../pdu/pdu.ts";
import { decodeReadyToTransfer } from "../pdu/r2t.ts";
import { decodeReject, type Reject, rejectReasonName } from "../pdu/reject.ts";
import {
  decodeResponseSegment,
  decodeScsiResponse,
  ScsiResponseCode,
  scsiResponseName,
} from "../pdu/scsi_response.ts";
import { decodeTaskManagementResponse } from "../pdu/task_management.ts";
import { decodeTextResponse } from "../pdu/text.ts";
import type { Abort } from "./abort_ladder.ts";
import { answerR2t, dataInArrived, placeDataIn, signedResidual } from "./data_transfer.ts";
import type { InitiatorConnection } from "./initiator_connection.ts";
import { OrderedResults } from "./ordered_results.ts";
import { answerPing, plugGap } from "./outgoing.ts";
import { ScsiTask } from "./scsi_task.ts";
import { serialLessOrEqual } from "../connection/serial_number.ts";
import type { Request, SessionState } from "./session_state.ts";
import { TextExchange } from "./text_exchange.ts";

/** What the session does about the PDUs that concern more than one request. */
export interface IncomingEvents {
  /** The time of what is being taken in. */
  now(): number;
  /** A response came before an earlier one did. */
  responsesMissing(): void;
  taskEnded(): void;
  aborted(abort: Abort, response: number): void;
  asyncMessage(message: AsyncMessage, data: Uint8Array): void;
  loggedOut(response: LogoutResponse): void;
  /** Something odd that harms nobody. */
  notice(message: string, properties: Record<string, unknown>): void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Takes the PDUs of full feature phase. Every method throws {@link ProtocolError} when the target broke a rule. */
export class Incoming {
  readonly #state: SessionState;
  readonly #events: IncomingEvents;
  readonly #results: OrderedResults = new OrderedResults();
  #dataIn: DataIn | undefined;

  constructor(state: SessionState, events: IncomingEvents) {
    this.#state = state;
    this.#events = events;
  }

  /** Since when responses have been missing; infinity when none are. */
  get responsesMissingSince(): number {
    return this.#results.waitingSince;
  }

  /** The session is over: the tasks that have an answer which could not be trusted yet. */
  abandon(): ScsiTask[] {
    return this.#results.abandon();
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
        return this.#events.asyncMessage(decodeAsyncMessage(header), data);
      case Opcode.Reject:
        return this.#reject(connection, header, data);
      default:
        throw new ProtocolError(
          `Receive a PDU: ${opcodeName(opcode)} does not belong in the full feature phase`,
        );
    }
  }

  /** Takes in a StatSN that counts; false for a repetition, which is ignored. */
  #advance(connection: InitiatorConnection, header: Uint8Array): boolean {
    const statSn = readU32(header, STAT_SN);
    const expected = connection.status.expStatSn;
    const arrival = connection.status.accept(statSn);
    if (arrival === "gap") {
      throw new ProtocolError(
        `Receive a PDU: its StatSN is ${statSn}, expected ${expected}; responses are missing`,
      );
    }
    if (arrival === "early") this.#events.responsesMissing();
    if (arrival === "next") this.#results.release(connection.status.expStatSn);
    return arrival !== "duplicate";
  }

  #dataInPdu(connection: InitiatorConnection, header: Uint8Array): void {
    const pdu = this.#dataIn!;
    if (pdu.hasStatus && !this.#advance(connection, header)) return;
    const task = this.#scsiTask(header);
    if (!task) return;
    dataInArrived(task, dataSegmentLength(header));
    if (!pdu.hasStatus) return;
    this.#end(connection, task);
    this.#finish(connection, pdu.statSn, task, {
      status: pdu.status,
      sense: NO_BYTES,
      dataInLength: task.received,
      residual: signedResidual(pdu),
    });
  }

  #scsiResponse(connection: InitiatorConnection, header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const task = this.#scsiTask(header);
    if (!task) return;
    const pdu = decodeScsiResponse(header);
    this.#end(connection, task);
    if (pdu.response !== ScsiResponseCode.CommandCompletedAtTarget) {
      const name = scsiResponseName(pdu.response);
      return task.fail(
        new TargetFailureError(`${task.name}: the target reports ${name}`, {
          response: pdu.response,
        }),
      );
    }
    this.#finish(connection, pdu.statSn, task, {
      status: pdu.status,
      sense: decodeResponseSegment(data).sense,
      dataInLength: task.received,
      residual: signedResidual(pdu),
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
      if (request) this.#state.requests.delete(pdu.itt);
    } else if (pdu.ttt !== RESERVED_TAG) {
      answerPing(this.#state, connection, pdu);
    }
  }

  #taskManagementResponse(connection: InitiatorConnection, header: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const pdu = decodeTaskManagementResponse(header);
    const request = this.#request(header);
    if (!request) return;
    if (!("kind" in request) || request.kind !== "abort") throw this.#mismatch(header);
    this.#state.requests.delete(pdu.itt);
    this.#events.aborted(request, pdu.response);
  }

  #textResponse(connection: InitiatorConnection, header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const request = this.#request(header);
    if (!request) return;
    if (!(request instanceof TextExchange)) throw this.#mismatch(header);
    const more = request.receive(decodeTextResponse(header), data);
    if (more) this.#state.queue.unshift(request);
    else this.#state.requests.delete(request.itt);
    this.#events.taskEnded();
  }

  #logoutResponse(connection: InitiatorConnection, header: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const request = this.#request(header);
    if (!request) return;
    if (!("kind" in request) || request.kind !== "logout") throw this.#mismatch(header);
    this.#events.loggedOut(decodeLogoutResponse(header));
  }

  #reject(connection: InitiatorConnection, header: Uint8Array, data: Uint8Array): void {
    if (!this.#advance(connection, header)) return;
    const pdu = decodeReject(header);
    const reasonName = rejectReasonName(pdu.reason);
    if (data.length < BHS_LENGTH) {
      throw new ProtocolError(`Receive Reject (${reasonName}): it lacks the header it rejects`);
    }
    const opcode = data[OPCODE] & OPCODE_MASK;
    this.#events.notice("The target rejected a PDU", {
      reason: reasonName,
      pdu: opcodeName(opcode),
    });
    const request = this.#state.requests.get(readU32(data, INITIATOR_TASK_TAG));
    if (request) this.#rejected(connection, pdu, opcode, request);
  }

  /** Only the Reject of a request ends it; a rejected data PDU is followed by a response (RFC 7143 §7.3). */
  #rejected(
    connection: InitiatorConnection,
    pdu: Reject,
    opcode: number,
    request: Request,
  ): void {
    const reasonName = rejectReasonName(pdu.reason);
    const error = new RejectError(`The target rejected ${opcodeName(opcode)}: ${reasonName}`, {
      reason: pdu.reason,
      reasonName,
    });
    if (request instanceof ScsiTask) {
      if (opcode !== Opcode.ScsiCommand) return;
      this.#end(connection, request);
      if (serialLessOrEqual(pdu.expCmdSn, request.cmdSn)) {
        plugGap(this.#state, connection, request.cmdSn);
      }
      request.fail(error);
    } else if (request instanceof TextExchange) {
      this.#state.requests.delete(request.itt);
      request.fail(error);
    } else if (request.kind !== "ping") {
      throw error;
    }
  }

  #finish(
    connection: InitiatorConnection,
    statSn: number,
    task: ScsiTask,
    result: ScsiResult,
  ): void {
    const { expStatSn } = connection.status;
    this.#results.add({ statSn, task, result }, expStatSn, this.#events.now());
  }

  #end(connection: InitiatorConnection, task: ScsiTask): void {
    this.#state.requests.delete(task.itt);
    connection.dataOut.drop(task);
    this.#events.taskEnded();
  }

  /** The command that a PDU answers; `undefined` when it is over and the PDU came late. */
  #scsiTask(header: Uint8Array): ScsiTask | undefined {
    const request = this.#request(header);
    if (request === undefined || request instanceof ScsiTask) return request;
    throw this.#mismatch(header);
  }

  #request(header: Uint8Array): Request | undefined {
    const itt = readU32(header, INITIATOR_TASK_TAG);
    const request = this.#state.requests.get(itt);
    if (request || this.#state.requests.wasUsed(itt)) return request;
    const name = opcodeName(header[OPCODE] & OPCODE_MASK);
    throw new ProtocolError(`Receive ${name}: no request has the tag ${itt}`);
  }

  #mismatch(header: Uint8Array): ProtocolError {
    const name = opcodeName(header[OPCODE] & OPCODE_MASK);
    return new ProtocolError(`Receive ${name}: its tag belongs to a request of another kind`);
  }
}
