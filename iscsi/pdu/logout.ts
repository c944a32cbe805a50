/**
 * Logout Request and Logout Response (RFC 7143 §11.14, §11.15).
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "../../scsi/big_endian.ts";
import {
  CMD_SN,
  EXP_CMD_SN,
  EXP_STAT_SN,
  FINAL,
  FLAGS,
  IMMEDIATE,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  STAT_SN,
} from "./bhs.ts";
import { codeName, type CodeNames } from "./code_name.ts";
import { Opcode } from "./opcode.ts";
import {
  type RequestNumbers,
  type ResponseNumbers,
  writeRequestNumbers,
  writeResponseNumbers,
} from "./sequence_numbers.ts";

const REASON_MASK = 0x7f;

const RESPONSE = 2;
const CID = 20;
const TIME2WAIT = 40;
const TIME2RETAIN = 42;

/** Reasons of a Logout Request (RFC 7143 §11.14.1). */
export const LogoutReason = {
  CloseSession: 0,
  CloseConnection: 1,
  RemoveConnectionForRecovery: 2,
} as const;

const REASON_NAMES: CodeNames = {
  [LogoutReason.CloseSession]: "close the session",
  [LogoutReason.CloseConnection]: "close the connection",
  [LogoutReason.RemoveConnectionForRecovery]: "remove the connection for recovery",
};

/** Responses to a logout (RFC 7143 §11.15.1). */
export const LogoutResponseCode = {
  Closed: 0,
  CidNotFound: 1,
  ConnectionRecoveryNotSupported: 2,
  CleanupFailed: 3,
} as const;

const RESPONSE_NAMES: CodeNames = {
  [LogoutResponseCode.Closed]: "connection or session closed successfully",
  [LogoutResponseCode.CidNotFound]: "CID not found",
  [LogoutResponseCode.ConnectionRecoveryNotSupported]: "connection recovery is not supported",
  [LogoutResponseCode.CleanupFailed]: "cleanup failed",
};

/** Logout Request. */
export interface LogoutRequest extends RequestNumbers {
  /** Always 06h. */
  readonly opcode: typeof Opcode.LogoutRequest;
  /** I: immediate delivery. */
  readonly immediate: boolean;
  /** One of {@link LogoutReason}. */
  readonly reason: number;
  /** Initiator task tag. */
  readonly itt: number;
  /** Connection to close; 0 with the reason "close the session". */
  readonly cid: number;
}

/** Logout Response. */
export interface LogoutResponse extends ResponseNumbers {
  /** Always 26h. */
  readonly opcode: typeof Opcode.LogoutResponse;
  /** One of {@link LogoutResponseCode}. */
  readonly response: number;
  /** Initiator task tag of the request. */
  readonly itt: number;
  /** Seconds to wait before logging in again; 0 where no recovery is possible. */
  readonly time2Wait: number;
  /** Seconds, after `time2Wait`, for which tasks can be reassigned. */
  readonly time2Retain: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeLogoutRequest(pdu: LogoutRequest, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.LogoutRequest | (pdu.immediate ? IMMEDIATE : 0);
  bhs[FLAGS] = FINAL | (pdu.reason & REASON_MASK);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU16(bhs, CID, pdu.cid);
  writeRequestNumbers(bhs, pdu);
}

/** Reads a Logout Request from its 48-byte header, of which it keeps nothing. */
export function decodeLogoutRequest(bhs: Uint8Array): LogoutRequest {
  return {
    opcode: Opcode.LogoutRequest,
    immediate: (bhs[OPCODE] & IMMEDIATE) !== 0,
    reason: bhs[FLAGS] & REASON_MASK,
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    cid: readU16(bhs, CID),
    cmdSn: readU32(bhs, CMD_SN),
    expStatSn: readU32(bhs, EXP_STAT_SN),
  };
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeLogoutResponse(pdu: LogoutResponse, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.LogoutResponse;
  bhs[FLAGS] = FINAL;
  bhs[RESPONSE] = pdu.response;
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeResponseNumbers(bhs, pdu);
  writeU16(bhs, TIME2WAIT, pdu.time2Wait);
  writeU16(bhs, TIME2RETAIN, pdu.time2Retain);
}

/** Reads a Logout Response from its 48-byte header, of which it keeps nothing. */
export function decodeLogoutResponse(bhs: Uint8Array): LogoutResponse {
  return {
    opcode: Opcode.LogoutResponse,
    response: bhs[RESPONSE],
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    time2Wait: readU16(bhs, TIME2WAIT),
    time2Retain: readU16(bhs, TIME2RETAIN),
  };
}

/** The reason of a Logout Request in words. */
export function logoutReasonName(reason: number): string {
  return codeName(REASON_NAMES, reason);
}

/** The response to a logout in words. */
export function logoutResponseName(response: number): string {
  return codeName(RESPONSE_NAMES, response);
}
