/**
 * Reject (RFC 7143 §11.17). The header of the rejected PDU is the data segment.
 *
 * @module
 */

import { readU32, writeU32 } from "../../scsi/big_endian.ts";
import {
  EXP_CMD_SN,
  FINAL,
  FLAGS,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  RESERVED_TAG,
  STAT_SN,
} from "./bhs.ts";
import { codeName, type CodeNames } from "./code_name.ts";
import { Opcode } from "./opcode.ts";
import { type ResponseNumbers, writeResponseNumbers } from "./sequence_numbers.ts";

const REASON = 2;
const DATA_SN = 36;

/** Reasons of a Reject (RFC 7143 §11.17.1). */
export const RejectReason = {
  DataDigestError: 0x02,
  SnackReject: 0x03,
  ProtocolError: 0x04,
  CommandNotSupported: 0x05,
  ImmediateCommandReject: 0x06,
  TaskInProgress: 0x07,
  InvalidDataAck: 0x08,
  InvalidPduField: 0x09,
  LongOperationReject: 0x0a,
  /** "Negotiation reset" of RFC 3720; RFC 7143 deprecates it, peers still send it. */
  NegotiationReset: 0x0b,
  WaitingForLogout: 0x0c,
} as const;

const REASON_NAMES: CodeNames = {
  [RejectReason.DataDigestError]: "data digest error",
  [RejectReason.SnackReject]: "SNACK reject",
  [RejectReason.ProtocolError]: "protocol error",
  [RejectReason.CommandNotSupported]: "command not supported",
  [RejectReason.ImmediateCommandReject]: "immediate command reject",
  [RejectReason.TaskInProgress]: "task in progress",
  [RejectReason.InvalidDataAck]: "invalid data ACK",
  [RejectReason.InvalidPduField]: "invalid PDU field",
  [RejectReason.LongOperationReject]: "long operation reject",
  [RejectReason.NegotiationReset]: "negotiation reset",
  [RejectReason.WaitingForLogout]: "waiting for logout",
};

/** Reject; its initiator task tag is always ffffffffh. */
export interface Reject extends ResponseNumbers {
  /** Always 3fh. */
  readonly opcode: typeof Opcode.Reject;
  /** One of {@link RejectReason}. */
  readonly reason: number;
  /** Reject of a data digest error or a SNACK: the next DataSN or R2TSN that the target would send. Else 0. */
  readonly dataSn: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeReject(pdu: Reject, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.Reject;
  bhs[FLAGS] = FINAL;
  bhs[REASON] = pdu.reason;
  writeU32(bhs, INITIATOR_TASK_TAG, RESERVED_TAG);
  writeResponseNumbers(bhs, pdu);
  writeU32(bhs, DATA_SN, pdu.dataSn);
}

/** Reads a Reject from its 48-byte header, of which it keeps nothing. */
export function decodeReject(bhs: Uint8Array): Reject {
  return {
    opcode: Opcode.Reject,
    reason: bhs[REASON],
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    dataSn: readU32(bhs, DATA_SN),
  };
}

/** The reason of a Reject in words. */
export function rejectReasonName(reason: number): string {
  return codeName(REASON_NAMES, reason);
}
