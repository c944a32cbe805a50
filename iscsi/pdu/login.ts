/**
 * Login Request and Login Response (RFC 7143 §11.12, §11.13). The keys are the data segment.
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "../../scsi/big_endian.ts";
import {
  CMD_SN,
  EXP_CMD_SN,
  EXP_STAT_SN,
  FLAGS,
  IMMEDIATE,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  STAT_SN,
} from "./bhs.ts";
import { Opcode } from "./opcode.ts";
import {
  type ResponseNumbers,
  writeRequestNumbers,
  writeResponseNumbers,
} from "./sequence_numbers.ts";

const TRANSIT = 0x80;
const CONTINUE = 0x40;
const CSG_SHIFT = 2;
const STAGE_MASK = 0x03;

const VERSION_MAX = 2;
/** Version-min of a request, Version-active of a response. */
const VERSION_OTHER = 3;
const ISID = 8;
const ISID_LENGTH = 6;
const TSIH = 14;
const CID = 20;
const STATUS_CLASS = 36;
const STATUS_DETAIL = 37;

/** Stages of the login phase, the values of CSG and NSG (RFC 7143 §11.12.3); 2 is reserved. */
export const LoginStage = {
  SecurityNegotiation: 0,
  LoginOperationalNegotiation: 1,
  FullFeaturePhase: 3,
} as const;

/** Login Request. Its I bit is always sent as 1 (RFC 7143 §11.12). */
export interface LoginRequest {
  /** Always 03h. */
  readonly opcode: typeof Opcode.LoginRequest;
  /** T: the initiator is ready to leave the stage `csg` for `nsg`. */
  readonly transit: boolean;
  /** C: the keys continue in the next request. */
  readonly continue: boolean;
  /** Current stage, one of {@link LoginStage}. */
  readonly csg: number;
  /** Next stage, one of {@link LoginStage}; meaningful when `transit` is set. */
  readonly nsg: number;
  /** Highest protocol version supported. */
  readonly versionMax: number;
  /** Lowest protocol version supported. */
  readonly versionMin: number;
  /** Initiator part of the session identifier, 6 bytes; decoded, the array is yours. */
  readonly isid: Uint8Array;
  /** Target session identifying handle; 0 asks for a new session. */
  readonly tsih: number;
  /** Initiator task tag, the same for the whole login. */
  readonly itt: number;
  /** Connection identifier. */
  readonly cid: number;
  /** Command sequence number, the same for the whole login. */
  readonly cmdSn: number;
  /** Next status sequence number expected; reserved in the first request of a connection. */
  readonly expStatSn: number;
}

/** Login Response. */
export interface LoginResponse extends ResponseNumbers {
  /** Always 23h. */
  readonly opcode: typeof Opcode.LoginResponse;
  /** T: the target agrees to leave the stage `csg` for `nsg`. */
  readonly transit: boolean;
  /** C: the keys continue in the next response. */
  readonly continue: boolean;
  /** Current stage, one of {@link LoginStage}. */
  readonly csg: number;
  /** Next stage, one of {@link LoginStage}; meaningful when `transit` is set. */
  readonly nsg: number;
  /** Highest protocol version supported. */
  readonly versionMax: number;
  /** Protocol version in use. */
  readonly versionActive: number;
  /** The request's ISID, 6 bytes; decoded, the array is yours. */
  readonly isid: Uint8Array;
  /** Target session identifying handle; the target's value in the final response. */
  readonly tsih: number;
  /** Initiator task tag of the login. */
  readonly itt: number;
  /** Status sequence number; like the other two, valid only with Status-Class 0. */
  readonly statSn: number;
  /** Status-Class: 0 success, 1 redirection, 2 initiator error, 3 target error. */
  readonly statusClass: number;
  /** Status-Detail: what happened within the class; see `loginStatusName`. */
  readonly statusDetail: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeLoginRequest(pdu: LoginRequest, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.LoginRequest | IMMEDIATE;
  bhs[FLAGS] = stageFlags(pdu);
  bhs[VERSION_MAX] = pdu.versionMax;
  bhs[VERSION_OTHER] = pdu.versionMin;
  bhs.set(pdu.isid, ISID);
  writeU16(bhs, TSIH, pdu.tsih);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU16(bhs, CID, pdu.cid);
  writeRequestNumbers(bhs, pdu);
}

/** Reads a Login Request from its 48-byte header, of which it keeps nothing. */
export function decodeLoginRequest(bhs: Uint8Array): LoginRequest {
  return {
    opcode: Opcode.LoginRequest,
    transit: (bhs[FLAGS] & TRANSIT) !== 0,
    continue: (bhs[FLAGS] & CONTINUE) !== 0,
    csg: (bhs[FLAGS] >>> CSG_SHIFT) & STAGE_MASK,
    nsg: bhs[FLAGS] & STAGE_MASK,
    versionMax: bhs[VERSION_MAX],
    versionMin: bhs[VERSION_OTHER],
    isid: readIsid(bhs),
    tsih: readU16(bhs, TSIH),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    cid: readU16(bhs, CID),
    cmdSn: readU32(bhs, CMD_SN),
    expStatSn: readU32(bhs, EXP_STAT_SN),
  };
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeLoginResponse(pdu: LoginResponse, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.LoginResponse;
  bhs[FLAGS] = stageFlags(pdu);
  bhs[VERSION_MAX] = pdu.versionMax;
  bhs[VERSION_OTHER] = pdu.versionActive;
  bhs.set(pdu.isid, ISID);
  writeU16(bhs, TSIH, pdu.tsih);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeResponseNumbers(bhs, pdu);
  bhs[STATUS_CLASS] = pdu.statusClass;
  bhs[STATUS_DETAIL] = pdu.statusDetail;
}

/** Reads a Login Response from its 48-byte header, of which it keeps nothing. */
export function decodeLoginResponse(bhs: Uint8Array): LoginResponse {
  return {
    opcode: Opcode.LoginResponse,
    transit: (bhs[FLAGS] & TRANSIT) !== 0,
    continue: (bhs[FLAGS] & CONTINUE) !== 0,
    csg: (bhs[FLAGS] >>> CSG_SHIFT) & STAGE_MASK,
    nsg: bhs[FLAGS] & STAGE_MASK,
    versionMax: bhs[VERSION_MAX],
    versionActive: bhs[VERSION_OTHER],
    isid: readIsid(bhs),
    tsih: readU16(bhs, TSIH),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    statusClass: bhs[STATUS_CLASS],
    statusDetail: bhs[STATUS_DETAIL],
  };
}

function stageFlags(pdu: LoginRequest | LoginResponse): number {
  return (pdu.transit ? TRANSIT : 0) | (pdu.continue ? CONTINUE : 0) |
    ((pdu.csg & STAGE_MASK) << CSG_SHIFT) | (pdu.nsg & STAGE_MASK);
}

/** Not `slice`: on Node's `Buffer` that is a view of the header. */
function readIsid(bhs: Uint8Array): Uint8Array {
  return new Uint8Array(bhs.subarray(ISID, ISID + ISID_LENGTH));
}
