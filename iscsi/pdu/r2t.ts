/**
 * Ready To Transfer (RFC 7143 §11.8).
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
  readLun,
  STAT_SN,
  TARGET_TRANSFER_TAG,
  writeLun,
} from "./bhs.ts";
import { Opcode } from "./opcode.ts";
import { type ResponseNumbers, writeResponseNumbers } from "./sequence_numbers.ts";

const R2T_SN = 36;
const BUFFER_OFFSET = 40;
const DESIRED_DATA_TRANSFER_LENGTH = 44;

/** Ready To Transfer: the target asks for part of a command's data. */
export interface ReadyToTransfer extends ResponseNumbers {
  /** Always 31h. */
  readonly opcode: typeof Opcode.ReadyToTransfer;
  /** Logical unit, to be returned in the Data-Out. */
  readonly lun: bigint;
  /** Initiator task tag of the command. */
  readonly itt: number;
  /** Target transfer tag, to be returned in the Data-Out; never ffffffffh. */
  readonly ttt: number;
  /** The next status sequence number, which an R2T does not use up. */
  readonly statSn: number;
  /** Number of this R2T among those of the command, from 0. */
  readonly r2tSn: number;
  /** Where in the command's data the requested bytes begin. */
  readonly bufferOffset: number;
  /** Bytes requested; 0 is not allowed. */
  readonly desiredDataTransferLength: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeReadyToTransfer(pdu: ReadyToTransfer, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.ReadyToTransfer;
  bhs[FLAGS] = FINAL;
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeResponseNumbers(bhs, pdu);
  writeU32(bhs, R2T_SN, pdu.r2tSn);
  writeU32(bhs, BUFFER_OFFSET, pdu.bufferOffset);
  writeU32(bhs, DESIRED_DATA_TRANSFER_LENGTH, pdu.desiredDataTransferLength);
}

/** Reads a Ready To Transfer from its 48-byte header, of which it keeps nothing. */
export function decodeReadyToTransfer(bhs: Uint8Array): ReadyToTransfer {
  return {
    opcode: Opcode.ReadyToTransfer,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    r2tSn: readU32(bhs, R2T_SN),
    bufferOffset: readU32(bhs, BUFFER_OFFSET),
    desiredDataTransferLength: readU32(bhs, DESIRED_DATA_TRANSFER_LENGTH),
  };
}
