/**
 * SCSI Data-Out (RFC 7143 §11.7).
 *
 * @module
 */

import { readU32, writeU32 } from "../../scsi/big_endian.ts";
import {
  EXP_STAT_SN,
  FINAL,
  FLAGS,
  INITIATOR_TASK_TAG,
  OPCODE,
  readLun,
  TARGET_TRANSFER_TAG,
  writeLun,
} from "./bhs.ts";
import { Opcode } from "./opcode.ts";

const DATA_SN = 36;
const BUFFER_OFFSET = 40;

/** SCSI Data-Out: data for the target, in answer to an R2T or unsolicited. */
export interface DataOut {
  /** Always 05h. */
  readonly opcode: typeof Opcode.DataOut;
  /** F: the last PDU of a sequence, the answer to one R2T or the unsolicited data. */
  readonly final: boolean;
  /** Logical unit, as the R2T gave it; 0 in unsolicited data. */
  readonly lun: bigint;
  /** Initiator task tag of the command. */
  readonly itt: number;
  /** Target transfer tag of the R2T; ffffffffh in unsolicited data. */
  readonly ttt: number;
  /** Next status sequence number expected. */
  readonly expStatSn: number;
  /** Number of this PDU in its sequence, from 0. */
  readonly dataSn: number;
  /** Where in the command's data these bytes belong. */
  readonly bufferOffset: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeDataOut(pdu: DataOut, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.DataOut;
  bhs[FLAGS] = pdu.final ? FINAL : 0;
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeU32(bhs, EXP_STAT_SN, pdu.expStatSn);
  writeU32(bhs, DATA_SN, pdu.dataSn);
  writeU32(bhs, BUFFER_OFFSET, pdu.bufferOffset);
}

/** Reads a SCSI Data-Out from its 48-byte header, of which it keeps nothing. */
export function decodeDataOut(bhs: Uint8Array): DataOut {
  return {
    opcode: Opcode.DataOut,
    final: (bhs[FLAGS] & FINAL) !== 0,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    expStatSn: readU32(bhs, EXP_STAT_SN),
    dataSn: readU32(bhs, DATA_SN),
    bufferOffset: readU32(bhs, BUFFER_OFFSET),
  };
}
