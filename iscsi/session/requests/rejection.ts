/**
 * What a Reject of the target's means to the request that it is about (RFC 7143 §7.3, §11.17).
 *
 * @module
 */

import { readU32 } from "../../../scsi/big_endian.ts";
import { ProtocolError, RejectError } from "../../errors.ts";
import { BHS_LENGTH, INITIATOR_TASK_TAG, OPCODE, OPCODE_MASK } from "../../pdu/bhs.ts";
import { Opcode } from "../../pdu/opcode.ts";
import { opcodeName } from "../../pdu/pdu.ts";
import { type Reject, RejectReason, rejectReasonName } from "../../pdu/reject.ts";

/** A PDU of ours that the target rejected. */
export interface RejectedPdu {
  readonly reason: number;
  readonly reasonName: string;
  readonly opcode: number;
  readonly pduName: string;
  readonly itt: number;
}

/**
 * Reads which PDU was rejected.
 *
 * @throws {ProtocolError} when the Reject does not hold its header.
 */
export function rejectedPdu({ reason }: Reject, data: Uint8Array): RejectedPdu {
  const reasonName = rejectReasonName(reason);
  if (data.length < BHS_LENGTH) {
    throw new ProtocolError(`Receive Reject (${reasonName}): it lacks the header it rejects`);
  }
  const opcode = data[OPCODE] & OPCODE_MASK;
  const itt = readU32(data, INITIATOR_TASK_TAG);
  return { reason, reasonName, opcode, pduName: opcodeName(opcode), itt };
}

/**
 * The error for whoever waits for the rejected request. A command that was rejected has not been executed, unless the
 * target took it for the repetition of one that is under way.
 */
export function rejectError({ reason, reasonName, opcode, pduName }: RejectedPdu): RejectError {
  const isCommand = opcode === Opcode.ScsiCommand;
  const outcome = isCommand && reason !== RejectReason.TaskInProgress ? "not-executed" : "unknown";
  return new RejectError(`The target rejected ${pduName}: ${reasonName}`, {
    reason,
    reasonName,
    outcome,
  });
}
