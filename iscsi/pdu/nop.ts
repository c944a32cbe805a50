/**
 * NOP-Out and NOP-In (RFC 7143 §11.18, §11.19).
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
  TARGET_TRANSFER_TAG,
  writeLun,
} from "./bhs.ts";
import { Opcode } from "./opcode.ts";
import {
  type RequestNumbers,
  type ResponseNumbers,
  writeRequestNumbers,
  writeResponseNumbers,
} from "./sequence_numbers.ts";

/** NOP-Out: a ping, the answer to a target's ping, or a bare confirmation of ExpStatSN. Ping data is the data segment. */
export interface NopOut extends RequestNumbers {
  readonly opcode: typeof Opcode.NopOut;
  readonly immediate: boolean;
  readonly lun: bigint;
  readonly itt: number;
  readonly ttt: number;
}

/** NOP-In: a target's ping, or its answer to ours. */
export interface NopIn extends ResponseNumbers {
  readonly opcode: typeof Opcode.NopIn;
  readonly lun: bigint;
  readonly itt: number;
  readonly ttt: number;
}

export function encodeNopOut(pdu: NopOut, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.NopOut | (pdu.immediate ? IMMEDIATE : 0);
  bhs[FLAGS] = FINAL;
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeRequestNumbers(bhs, pdu);
}

export function decodeNopOut(bhs: Uint8Array): NopOut {
  return {
    opcode: Opcode.NopOut,
    immediate: (bhs[OPCODE] & IMMEDIATE) !== 0,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    cmdSn: readU32(bhs, CMD_SN),
    expStatSn: readU32(bhs, EXP_STAT_SN),
  };
}

export function encodeNopIn(pdu: NopIn, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.NopIn;
  bhs[FLAGS] = FINAL;
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeResponseNumbers(bhs, pdu);
}

export function decodeNopIn(bhs: Uint8Array): NopIn {
  return {
    opcode: Opcode.NopIn,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
  };
}
