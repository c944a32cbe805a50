/**
 * The numbers that PDUs of one direction have in common (RFC 7143 §4.2.2, §11.2.1).
 *
 * @module
 */

import { writeU32 } from "../../scsi/big_endian.ts";
import { CMD_SN, EXP_CMD_SN, EXP_STAT_SN, MAX_CMD_SN, STAT_SN } from "./bhs.ts";

/** What every request of an initiator carries. */
export interface RequestNumbers {
  /** Command sequence number. */
  readonly cmdSn: number;
  /** Next status sequence number expected. */
  readonly expStatSn: number;
}

/** What every PDU of a target carries. */
export interface ResponseNumbers {
  /** Status sequence number. */
  readonly statSn: number;
  /** Next command sequence number that the target expects. */
  readonly expCmdSn: number;
  /** Highest command sequence number that the target accepts. */
  readonly maxCmdSn: number;
}

/** Writes the numbers of a request into its header. */
export function writeRequestNumbers(bhs: Uint8Array, numbers: RequestNumbers): void {
  writeU32(bhs, CMD_SN, numbers.cmdSn);
  writeU32(bhs, EXP_STAT_SN, numbers.expStatSn);
}

/** Writes the numbers of a target's PDU into its header. */
export function writeResponseNumbers(bhs: Uint8Array, numbers: ResponseNumbers): void {
  writeU32(bhs, STAT_SN, numbers.statSn);
  writeU32(bhs, EXP_CMD_SN, numbers.expCmdSn);
  writeU32(bhs, MAX_CMD_SN, numbers.maxCmdSn);
}
