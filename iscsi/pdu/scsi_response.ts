/**
 * SCSI Response (RFC 7143 §11.4). Sense and response data are the data segment.
 *
 * @module
 */

import { readU16, readU32, writeU16, writeU32 } from "../../scsi/big_endian.ts";
import {
  EXP_CMD_SN,
  FINAL,
  FLAGS,
  INITIATOR_TASK_TAG,
  MAX_CMD_SN,
  OPCODE,
  STAT_SN,
} from "./bhs.ts";
import { codeName, type CodeNames, hexByte } from "./code_name.ts";
import { Opcode } from "./opcode.ts";
import { type ResponseNumbers, writeResponseNumbers } from "./sequence_numbers.ts";

const BIDIRECTIONAL_OVERFLOW = 0x10;
const BIDIRECTIONAL_UNDERFLOW = 0x08;
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;

const RESPONSE = 2;
const STATUS = 3;
const SNACK_TAG = 20;
const EXP_DATA_SN = 36;
const BIDIRECTIONAL_RESIDUAL = 40;
const RESIDUAL = 44;

const SENSE_LENGTH_BYTES = 2;
const NO_BYTES: Uint8Array = new Uint8Array(0);
const FIRST_VENDOR_RESPONSE = 0x80;

/** iSCSI service responses (RFC 7143 §11.4.3); 80h to ffh are the vendor's. */
export const ScsiResponseCode = {
  CommandCompletedAtTarget: 0x00,
  TargetFailure: 0x01,
} as const;

const RESPONSE_NAMES: CodeNames = {
  [ScsiResponseCode.CommandCompletedAtTarget]: "command completed at target",
  [ScsiResponseCode.TargetFailure]: "target failure",
};

/** SCSI Response: the end of a command. */
export interface ScsiResponse extends ResponseNumbers {
  /** Always 21h. */
  readonly opcode: typeof Opcode.ScsiResponse;
  /** o: the residual of a bidirectional read counts bytes beyond the expected length. */
  readonly bidirectionalOverflow: boolean;
  /** u: the residual of a bidirectional read counts expected bytes that did not come. */
  readonly bidirectionalUnderflow: boolean;
  /** O: the residual counts bytes beyond the expected length. */
  readonly overflow: boolean;
  /** U: the residual counts expected bytes that were not transferred. */
  readonly underflow: boolean;
  /** One of {@link ScsiResponseCode}; unless 0, status and residuals mean nothing. */
  readonly response: number;
  /** SCSI status (SAM-5 §5.3). */
  readonly status: number;
  /** Initiator task tag of the command. */
  readonly itt: number;
  /** Copy of the SNACK tag of an R-Data SNACK, else 0. */
  readonly snackTag: number;
  /** Number of Data-In and R2T PDUs that the target sent for the command. */
  readonly expDataSn: number;
  /** Bytes, meaningful with one of the two bidirectional flags. */
  readonly bidirectionalResidual: number;
  /** Bytes, meaningful with `overflow` or `underflow`. */
  readonly residual: number;
}

/** What the data segment of a SCSI Response holds (RFC 7143 §11.4.7). Both arrays are yours. */
export interface ResponseSegment {
  /** Sense data, empty if there is none. */
  readonly sense: Uint8Array;
  /** What follows the sense data. */
  readonly responseData: Uint8Array;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeScsiResponse(pdu: ScsiResponse, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.ScsiResponse;
  bhs[FLAGS] = FINAL |
    (pdu.bidirectionalOverflow ? BIDIRECTIONAL_OVERFLOW : 0) |
    (pdu.bidirectionalUnderflow ? BIDIRECTIONAL_UNDERFLOW : 0) |
    (pdu.overflow ? OVERFLOW : 0) | (pdu.underflow ? UNDERFLOW : 0);
  bhs[RESPONSE] = pdu.response;
  bhs[STATUS] = pdu.status;
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, SNACK_TAG, pdu.snackTag);
  writeResponseNumbers(bhs, pdu);
  writeU32(bhs, EXP_DATA_SN, pdu.expDataSn);
  writeU32(bhs, BIDIRECTIONAL_RESIDUAL, pdu.bidirectionalResidual);
  writeU32(bhs, RESIDUAL, pdu.residual);
}

/** Reads a SCSI Response from its 48-byte header, of which it keeps nothing. */
export function decodeScsiResponse(bhs: Uint8Array): ScsiResponse {
  const flags = bhs[FLAGS];
  return {
    opcode: Opcode.ScsiResponse,
    bidirectionalOverflow: (flags & BIDIRECTIONAL_OVERFLOW) !== 0,
    bidirectionalUnderflow: (flags & BIDIRECTIONAL_UNDERFLOW) !== 0,
    overflow: (flags & OVERFLOW) !== 0,
    underflow: (flags & UNDERFLOW) !== 0,
    response: bhs[RESPONSE],
    status: bhs[STATUS],
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    snackTag: readU32(bhs, SNACK_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    expDataSn: readU32(bhs, EXP_DATA_SN),
    bidirectionalResidual: readU32(bhs, BIDIRECTIONAL_RESIDUAL),
    residual: readU32(bhs, RESIDUAL),
  };
}

/**
 * Divides a data segment without its padding into sense and response data (RFC 7143 §11.4.7). A SenseLength that
 * reaches beyond the segment stands for what is there. Async Message uses the same form (RFC 7143 §11.9.4).
 */
export function decodeResponseSegment(data: Uint8Array): ResponseSegment {
  if (data.length === 0) return { sense: NO_BYTES, responseData: NO_BYTES };
  const stated = data.length < SENSE_LENGTH_BYTES ? 0 : readU16(data, 0);
  const end = SENSE_LENGTH_BYTES + stated;
  return {
    sense: new Uint8Array(data.subarray(SENSE_LENGTH_BYTES, end)),
    responseData: new Uint8Array(data.subarray(end)),
  };
}

/** A data segment that holds `sense`, at most 65,535 bytes. The array is new and yours. */
export function encodeResponseSegment(sense: Uint8Array): Uint8Array {
  const data = new Uint8Array(SENSE_LENGTH_BYTES + sense.length);
  writeU16(data, 0, sense.length);
  data.set(sense, SENSE_LENGTH_BYTES);
  return data;
}

/** The service response in words. */
export function scsiResponseName(response: number): string {
  if (response >= FIRST_VENDOR_RESPONSE) return `vendor-specific response ${hexByte(response)}`;
  return codeName(RESPONSE_NAMES, response);
}
