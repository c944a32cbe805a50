/**
 * Task Management Function Request and Response (RFC 7143 §11.5, §11.6).
 *
 * @module
 */

import { readU32, writeU32 } from "../../scsi/big_endian.ts";
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
  readLun,
  STAT_SN,
  writeLun,
} from "./bhs.ts";
import { codeName, type CodeNames } from "./code_name.ts";
import { Opcode } from "./opcode.ts";
import {
  type RequestNumbers,
  type ResponseNumbers,
  writeRequestNumbers,
  writeResponseNumbers,
} from "./sequence_numbers.ts";

const FUNCTION_MASK = 0x7f;

const RESPONSE = 2;
const REFERENCED_TASK_TAG = 20;
const REF_CMD_SN = 32;
const EXP_DATA_SN = 36;

/** Task management functions (RFC 7143 §11.5.1). */
export const TaskManagementFunction = {
  AbortTask: 1,
  AbortTaskSet: 2,
  ClearAca: 3,
  ClearTaskSet: 4,
  LogicalUnitReset: 5,
  TargetWarmReset: 6,
  TargetColdReset: 7,
  TaskReassign: 8,
} as const;

const FUNCTION_NAMES: CodeNames = {
  [TaskManagementFunction.AbortTask]: "ABORT TASK",
  [TaskManagementFunction.AbortTaskSet]: "ABORT TASK SET",
  [TaskManagementFunction.ClearAca]: "CLEAR ACA",
  [TaskManagementFunction.ClearTaskSet]: "CLEAR TASK SET",
  [TaskManagementFunction.LogicalUnitReset]: "LOGICAL UNIT RESET",
  [TaskManagementFunction.TargetWarmReset]: "TARGET WARM RESET",
  [TaskManagementFunction.TargetColdReset]: "TARGET COLD RESET",
  [TaskManagementFunction.TaskReassign]: "TASK REASSIGN",
};

/** Responses to task management functions (RFC 7143 §11.6.1). */
export const TaskManagementResponseCode = {
  FunctionComplete: 0,
  TaskDoesNotExist: 1,
  LunDoesNotExist: 2,
  TaskStillAllegiant: 3,
  TaskAllegianceReassignmentNotSupported: 4,
  TaskManagementFunctionNotSupported: 5,
  FunctionAuthorizationFailed: 6,
  FunctionRejected: 255,
} as const;

const RESPONSE_NAMES: CodeNames = {
  [TaskManagementResponseCode.FunctionComplete]: "function complete",
  [TaskManagementResponseCode.TaskDoesNotExist]: "task does not exist",
  [TaskManagementResponseCode.LunDoesNotExist]: "LUN does not exist",
  [TaskManagementResponseCode.TaskStillAllegiant]: "task still allegiant",
  [TaskManagementResponseCode.TaskAllegianceReassignmentNotSupported]:
    "task allegiance reassignment not supported",
  [TaskManagementResponseCode.TaskManagementFunctionNotSupported]:
    "task management function not supported",
  [TaskManagementResponseCode.FunctionAuthorizationFailed]: "function authorization failed",
  [TaskManagementResponseCode.FunctionRejected]: "function rejected",
};

/** Task Management Function Request. */
export interface TaskManagementRequest extends RequestNumbers {
  /** Always 02h. */
  readonly opcode: typeof Opcode.TaskManagementRequest;
  /** I: immediate delivery. */
  readonly immediate: boolean;
  /** One of {@link TaskManagementFunction}. */
  readonly function: number;
  /** Logical unit, for the functions that act on one. */
  readonly lun: bigint;
  /** Initiator task tag of this request. */
  readonly itt: number;
  /** Initiator task tag of the task to abort or reassign; ffffffffh with the other functions. */
  readonly referencedTaskTag: number;
  /** ABORT TASK: the CmdSN of the task to abort. Other functions: 0. */
  readonly refCmdSn: number;
  /** TASK REASSIGN: the next DataSN or R2TSN expected. Other functions: 0. */
  readonly expDataSn: number;
}

/** Task Management Function Response. */
export interface TaskManagementResponse extends ResponseNumbers {
  /** Always 22h. */
  readonly opcode: typeof Opcode.TaskManagementResponse;
  /** One of {@link TaskManagementResponseCode}. */
  readonly response: number;
  /** Initiator task tag of the request. */
  readonly itt: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeTaskManagementRequest(pdu: TaskManagementRequest, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.TaskManagementRequest | (pdu.immediate ? IMMEDIATE : 0);
  bhs[FLAGS] = FINAL | (pdu.function & FUNCTION_MASK);
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, REFERENCED_TASK_TAG, pdu.referencedTaskTag);
  writeRequestNumbers(bhs, pdu);
  writeU32(bhs, REF_CMD_SN, pdu.refCmdSn);
  writeU32(bhs, EXP_DATA_SN, pdu.expDataSn);
}

/** Reads a Task Management Function Request from its 48-byte header, of which it keeps nothing. */
export function decodeTaskManagementRequest(bhs: Uint8Array): TaskManagementRequest {
  return {
    opcode: Opcode.TaskManagementRequest,
    immediate: (bhs[OPCODE] & IMMEDIATE) !== 0,
    function: bhs[FLAGS] & FUNCTION_MASK,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    referencedTaskTag: readU32(bhs, REFERENCED_TASK_TAG),
    cmdSn: readU32(bhs, CMD_SN),
    expStatSn: readU32(bhs, EXP_STAT_SN),
    refCmdSn: readU32(bhs, REF_CMD_SN),
    expDataSn: readU32(bhs, EXP_DATA_SN),
  };
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeTaskManagementResponse(pdu: TaskManagementResponse, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.TaskManagementResponse;
  bhs[FLAGS] = FINAL;
  bhs[RESPONSE] = pdu.response;
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeResponseNumbers(bhs, pdu);
}

/** Reads a Task Management Function Response from its 48-byte header, of which it keeps nothing. */
export function decodeTaskManagementResponse(bhs: Uint8Array): TaskManagementResponse {
  return {
    opcode: Opcode.TaskManagementResponse,
    response: bhs[RESPONSE],
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
  };
}

/** The task management function in words. */
export function taskManagementFunctionName(code: number): string {
  return codeName(FUNCTION_NAMES, code);
}

/** The response to a task management function in words. */
export function taskManagementResponseName(response: number): string {
  return codeName(RESPONSE_NAMES, response);
}
