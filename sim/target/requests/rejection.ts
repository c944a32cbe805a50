/**
 * Reject: the answer to a PDU that the target does not act on (RFC 7143 §11.17).
 *
 * @module
 */

import { BHS_LENGTH, OPCODE, OPCODE_MASK } from "../../../iscsi/pdu/bhs.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { opcodeName } from "../../../iscsi/pdu/pdu.ts";
import { encodeReject, rejectReasonName } from "../../../iscsi/pdu/reject.ts";
import type { SessionConnection } from "../session_connection.ts";

/** Rejects the PDU with this header, which is copied, for one of `RejectReason`. */
export function reject(connection: SessionConnection, header: Uint8Array, reason: number): void {
  const pdu = opcodeName(header[OPCODE] & OPCODE_MASK);
  connection.report({ kind: "rejected", pdu, reason: rejectReasonName(reason) });
  connection.send({
    data: new Uint8Array(header.subarray(0, BHS_LENGTH)),
    encode: (bhs, numbers) =>
      encodeReject({
        opcode: Opcode.Reject,
        reason,
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
        dataSn: 0,
      }, bhs),
  });
}
