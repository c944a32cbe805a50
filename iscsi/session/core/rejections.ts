/**
 * Rejects from the target: what each means to the request that it is about (RFC 7143 §7.3, §11.17).
 *
 * @module
 */

import { serialLess, serialLessOrEqual } from "../../connection/serial_number.ts";
import { Opcode } from "../../pdu/opcode.ts";
import { decodeReject, RejectReason } from "../../pdu/reject.ts";
import { TaskManagementResponseCode } from "../../pdu/task_management.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import type { CommandRecovery } from "../recovery/command_recovery.ts";
import { type RejectedPdu, rejectedPdu, rejectError } from "../requests/rejection.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import { TextExchange } from "../requests/text_exchange.ts";
import type { IncomingEvents } from "./incoming_events.ts";
import type { Request, SessionState } from "./session_state.ts";

/** How often one request is sent again because its PDU was damaged on the way. */
const MAX_RETRIES = 8;

/** What {@link Rejections} work with. */
export interface RejectionsParts {
  readonly commands: CommandRecovery;
  readonly events: IncomingEvents;
  /** A command is over. */
  readonly end: (task: ScsiTask) => void;
}

/** The Rejects of one connection. */
export class Rejections {
  readonly #state: SessionState;
  readonly #connection: InitiatorConnection;
  readonly #parts: RejectionsParts;

  constructor(state: SessionState, connection: InitiatorConnection, parts: RejectionsParts) {
    this.#state = state;
    this.#connection = connection;
    this.#parts = parts;
  }

  /** Takes in a Reject, whose StatSN has been. */
  take(header: Uint8Array, data: Uint8Array): void {
    const pdu = decodeReject(header);
    const rejected = rejectedPdu(pdu, data);
    const { reasonName: reason, pduName } = rejected;
    this.#parts.events.notice("The target rejected a PDU", { reason, pdu: pduName });
    const request = this.#state.requests.get(rejected.itt);
    if (request) this.#rejected(rejected, request, pdu.expCmdSn);
    if (rejected.reason === RejectReason.WaitingForLogout) this.#parts.events.logoutDemanded();
  }

  /** Only the Reject of a request ends it; a rejected data PDU is followed by a response (RFC 7143 §7.3). */
  #rejected(rejected: RejectedPdu, request: Request, expCmdSn: number): void {
    if (this.#isRetried(rejected, request, expCmdSn)) return;
    if (request instanceof ScsiTask) {
      if (rejected.opcode === Opcode.Snack) return this.#parts.commands.refused(request);
      if (rejected.opcode !== Opcode.ScsiCommand) return;
      this.#parts.end(request);
      if (serialLessOrEqual(expCmdSn, request.cmdSn)) this.#parts.events.gapLeft(request.cmdSn);
      request.fail(request.state === "aborting" ? request.abortReason : rejectError(rejected));
    } else if (request instanceof TextExchange) {
      this.#state.unqueue(request);
      this.#state.textEnded(request);
      request.fail(rejectError(rejected));
      this.#parts.events.requestEnded();
    } else if (request.kind === "task-set") {
      this.#state.endTaskSetRequest(request);
      request.owner.failed(rejectError(rejected));
      this.#parts.events.requestEnded();
    } else if (request.kind === "ping") {
      this.#state.requests.delete(request.itt);
    } else if (request.kind === "abort") {
      this.#parts.events.aborted(request, TaskManagementResponseCode.FunctionRejected);
    } else if (request.kind === "reassign") {
      this.#parts.events.reassigned(request, TaskManagementResponseCode.FunctionRejected);
    } else {
      throw rejectError(rejected);
    }
  }

  /**
   * A request that was damaged on the way is sent again if the target has not taken it in; if it has, only its immediate
   * data was damaged, and the target asks for that (RFC 7143 §7.2.1, §7.8).
   */
  #isRetried({ reason, opcode }: RejectedPdu, request: Request, expCmdSn: number): boolean {
    if (
      this.#connection.parameters.errorRecoveryLevel === 0 ||
      reason !== RejectReason.DataDigestError
    ) return false;
    const isTask = request instanceof ScsiTask && opcode === Opcode.ScsiCommand;
    if (!isTask && !(request instanceof TextExchange)) return false;
    const isNumbered = request instanceof ScsiTask || !request.isImmediate;
    if (isNumbered && serialLess(request.cmdSn, expCmdSn)) return isTask;
    const isUnwanted = request instanceof ScsiTask && request.state === "aborting";
    if (isUnwanted || request.retries++ >= MAX_RETRIES) return false;
    this.#parts.events.sendAgain(request);
    return true;
  }
}
