/**
 * The request that a PDU of the target answers, by its Initiator Task Tag (RFC 7143 §4.2.5.3, §11.2.1.8).
 *
 * @module
 */

import { readU32 } from "../../../scsi/big_endian.ts";
import { ProtocolError } from "../../errors.ts";
import { INITIATOR_TASK_TAG, OPCODE, OPCODE_MASK } from "../../pdu/bhs.ts";
import { opcodeName } from "../../pdu/pdu.ts";
import type { InitiatorConnection } from "../connection/initiator_connection.ts";
import { ScsiTask } from "../requests/scsi_task.ts";
import type { Request, SessionState } from "./session_state.ts";

/** The requests of a session, as the PDUs of one connection name them. */
export class AnsweredRequests {
  readonly #state: SessionState;
  readonly #connection: InitiatorConnection;

  constructor(state: SessionState, connection: InitiatorConnection) {
    this.#state = state;
    this.#connection = connection;
  }

  /**
   * The command; `undefined` when it is over and the PDU came late.
   *
   * @throws {ProtocolError} when it is no command; otherwise as {@link any}.
   */
  command(header: Uint8Array): ScsiTask | undefined {
    const request = this.any(header);
    if (request === undefined || request instanceof ScsiTask) return request;
    throw mismatch(header);
  }

  /**
   * The request, whatever it is; `undefined` when it is over and the PDU came late.
   *
   * @throws {ProtocolError} when there was none, or it went out on another connection.
   */
  any(header: Uint8Array): Request | undefined {
    const itt = readU32(header, INITIATOR_TASK_TAG);
    const request = this.#state.requests.get(itt);
    if (request && request.cid === this.#connection.cid) return request;
    const name = opcodeName(header[OPCODE] & OPCODE_MASK);
    if (request) {
      throw new ProtocolError(`Receive ${name}: its request went out on another connection`);
    }
    if (this.#state.requests.wasUsed(itt)) return undefined;
    throw new ProtocolError(`Receive ${name}: no request has the tag ${itt}`);
  }
}

/** Whether a request is of this kind. */
export function hasKind<Kind extends string>(
  request: Request,
  kind: Kind,
): request is Extract<Request, { kind: Kind }> {
  return "kind" in request && request.kind === kind;
}

/** The error of a PDU that does not answer what its tag belongs to. */
export function mismatch(header: Uint8Array): ProtocolError {
  const name = opcodeName(header[OPCODE] & OPCODE_MASK);
  return new ProtocolError(`Receive ${name}: its tag belongs to a request of another kind`);
}
