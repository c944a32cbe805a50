/**
 * SNACK Request: selective negative, and for data positive, acknowledgement (RFC 7143 §11.16).
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
import { codeName, type CodeNames } from "./code_name.ts";
import { Opcode } from "./opcode.ts";

const TYPE_MASK = 0x0f;

const BEG_RUN = 40;
const RUN_LENGTH = 44;

/** Types of SNACK (RFC 7143 §11.16.1). */
export const SnackType = {
  DataR2t: 0,
  Status: 1,
  DataAck: 2,
  RData: 3,
} as const;

const TYPE_NAMES: CodeNames = {
  [SnackType.DataR2t]: "Data/R2T SNACK",
  [SnackType.Status]: "Status SNACK",
  [SnackType.DataAck]: "DataACK",
  [SnackType.RData]: "R-Data SNACK",
};

/** SNACK Request. */
export interface Snack {
  /** Always 10h. */
  readonly opcode: typeof Opcode.Snack;
  /** One of {@link SnackType}. */
  readonly type: number;
  /** DataACK: the LUN of the Data-In that asked for it. Else 0. */
  readonly lun: bigint;
  /** Initiator task tag of the command; ffffffffh with Status SNACK and DataACK. */
  readonly itt: number;
  /** DataACK: the TTT of the Data-In. R-Data SNACK: the SNACK tag. Else ffffffffh. */
  readonly ttt: number;
  /** Next status sequence number expected. */
  readonly expStatSn: number;
  /** First DataSN, R2TSN or StatSN asked for; DataACK: the next DataSN expected. */
  readonly begRun: number;
  /** How many are asked for; 0 means all from `begRun` on. */
  readonly runLength: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeSnack(pdu: Snack, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.Snack;
  bhs[FLAGS] = FINAL | (pdu.type & TYPE_MASK);
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeU32(bhs, EXP_STAT_SN, pdu.expStatSn);
  writeU32(bhs, BEG_RUN, pdu.begRun);
  writeU32(bhs, RUN_LENGTH, pdu.runLength);
}

/** Reads a SNACK Request from its 48-byte header, of which it keeps nothing. */
export function decodeSnack(bhs: Uint8Array): Snack {
  return {
    opcode: Opcode.Snack,
    type: bhs[FLAGS] & TYPE_MASK,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    expStatSn: readU32(bhs, EXP_STAT_SN),
    begRun: readU32(bhs, BEG_RUN),
    runLength: readU32(bhs, RUN_LENGTH),
  };
}

/** The type of a SNACK in words. */
export function snackTypeName(type: number): string {
  return codeName(TYPE_NAMES, type);
}
