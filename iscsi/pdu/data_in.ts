/**
 * SCSI Data-In (RFC 7143 §11.7).
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

const ACKNOWLEDGE = 0x40;
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;
const HAS_STATUS = 0x01;

const STATUS = 3;
const DATA_SN = 36;
const BUFFER_OFFSET = 40;
const RESIDUAL = 44;

/** SCSI Data-In: data for the initiator, in the last PDU of a command with its status where that is a good one. */
export interface DataIn extends ResponseNumbers {
  /** Always 25h. */
  readonly opcode: typeof Opcode.DataIn;
  /** F: the last PDU of a sequence. */
  readonly final: boolean;
  /** A: the target asks for a DataACK SNACK (ErrorRecoveryLevel 1 and above). */
  readonly acknowledge: boolean;
  /** O: the residual counts bytes beyond the expected length; valid with `hasStatus`. */
  readonly overflow: boolean;
  /** U: the residual counts expected bytes that were not transferred; valid with `hasStatus`. */
  readonly underflow: boolean;
  /** S: `status`, `statSn` and `residual` mean something, and no SCSI Response follows. */
  readonly hasStatus: boolean;
  /** SCSI status (SAM-5 §5.3); valid with `hasStatus`. */
  readonly status: number;
  /** Logical unit, valid with `acknowledge`, to be returned in the SNACK. */
  readonly lun: bigint;
  /** Initiator task tag of the command. */
  readonly itt: number;
  /** Tag to return in the DataACK SNACK, or ffffffffh. */
  readonly ttt: number;
  /** Status sequence number; valid with `hasStatus`. */
  readonly statSn: number;
  /** Number of this PDU among those of the command, from 0; R2Ts of the command count too. */
  readonly dataSn: number;
  /** Where in the command's data these bytes belong. */
  readonly bufferOffset: number;
  /** Bytes, meaningful with `overflow` or `underflow`. */
  readonly residual: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeDataIn(pdu: DataIn, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.DataIn;
  bhs[FLAGS] = (pdu.final ? FINAL : 0) | (pdu.acknowledge ? ACKNOWLEDGE : 0) |
    (pdu.overflow ? OVERFLOW : 0) | (pdu.underflow ? UNDERFLOW : 0) |
    (pdu.hasStatus ? HAS_STATUS : 0);
  bhs[STATUS] = pdu.status;
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeResponseNumbers(bhs, pdu);
  writeU32(bhs, DATA_SN, pdu.dataSn);
  writeU32(bhs, BUFFER_OFFSET, pdu.bufferOffset);
  writeU32(bhs, RESIDUAL, pdu.residual);
}

/** Reads a SCSI Data-In from its 48-byte header, of which it keeps nothing. */
export function decodeDataIn(bhs: Uint8Array): DataIn {
  const flags = bhs[FLAGS];
  return {
    opcode: Opcode.DataIn,
    final: (flags & FINAL) !== 0,
    acknowledge: (flags & ACKNOWLEDGE) !== 0,
    overflow: (flags & OVERFLOW) !== 0,
    underflow: (flags & UNDERFLOW) !== 0,
    hasStatus: (flags & HAS_STATUS) !== 0,
    status: bhs[STATUS],
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    dataSn: readU32(bhs, DATA_SN),
    bufferOffset: readU32(bhs, BUFFER_OFFSET),
    residual: readU32(bhs, RESIDUAL),
  };
}
