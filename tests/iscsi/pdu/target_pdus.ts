/** The PDUs with which a target carries out a command, as they mostly are; a test says what is otherwise. */

import { RESERVED_TAG } from "../../../iscsi/pdu/bhs.ts";
import type { DataIn } from "../../../iscsi/pdu/data_in.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import type { ReadyToTransfer } from "../../../iscsi/pdu/r2t.ts";
import type { ScsiResponse } from "../../../iscsi/pdu/scsi_response.ts";

type With<Pdu, Needed extends keyof Pdu> = Partial<Pdu> & Pick<Pdu, Needed>;

/** The last Data-In of a sequence, without status. */
export function dataInPdu(fields: With<DataIn, "itt" | "expCmdSn" | "maxCmdSn">): DataIn {
  return {
    opcode: Opcode.DataIn,
    final: true,
    acknowledge: false,
    overflow: false,
    underflow: false,
    hasStatus: false,
    status: 0,
    lun: 0n,
    ttt: RESERVED_TAG,
    statSn: 0,
    dataSn: 0,
    bufferOffset: 0,
    residual: 0,
    ...fields,
  };
}

/** GOOD, without data behind it. */
export function scsiResponsePdu(
  fields: With<ScsiResponse, "itt" | "statSn" | "expCmdSn" | "maxCmdSn">,
): ScsiResponse {
  return {
    opcode: Opcode.ScsiResponse,
    bidirectionalOverflow: false,
    bidirectionalUnderflow: false,
    overflow: false,
    underflow: false,
    response: 0,
    status: 0,
    snackTag: 0,
    expDataSn: 0,
    bidirectionalResidual: 0,
    residual: 0,
    ...fields,
  };
}

/** The first R2T of a command. */
export function readyToTransferPdu(
  fields: With<
    ReadyToTransfer,
    "itt" | "ttt" | "statSn" | "expCmdSn" | "maxCmdSn" | "desiredDataTransferLength"
  >,
): ReadyToTransfer {
  return { opcode: Opcode.ReadyToTransfer, lun: 0n, r2tSn: 0, bufferOffset: 0, ...fields };
}
