/**
 * Reject: the answer to a PDU that the target does not act on (RFC 7143 §11.17).
 *
 * @module
 */

import { BHS_LENGTH, OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { opcodeName } from "../../../iscsi/pdu/pdu.ts";
import { encodeReject, rejectReasonName } from "../../../iscsi/pdu/reject.ts";
import type { Answer } from "../output/answer.ts";
import type { SessionConnection } from "../session/session_connection.ts";

/** How a PDU is rejected. */
export interface RejectOptions {
  /** The next DataSN or R2TSN of the task that a SNACK was for (RFC 7143 §11.17.2). @default 0 */
  readonly dataSn?: number;
  /** Whether it overtakes answers to commands. @default false */
  readonly urgent?: boolean;
}

/** Rejects the PDU with this header, which is copied, for one of `RejectReason`. */
export function reject(
  connection: SessionConnection,
  header: Uint8Array,
  reason: number,
  options: RejectOptions = {},
): void {
  const { dataSn = 0, urgent = false } = options;
  const pdu = opcodeName(header[OPCODE] & OPCODE_MASK);
  connection.report({ kind: "rejected", pdu, reason: rejectReasonName(reason) });
  const answer: Answer = {
    data: new Uint8Array(header.subarray(0, BHS_LENGTH)),
    encode: (bhs, numbers) =>
      encodeReject({
        opcode: Opcode.Reject,
        reason,
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
        dataSn,
      }, bhs),
  };
  if (urgent) connection.output.sendUrgent(answer);
  else connection.output.send(answer);
}
