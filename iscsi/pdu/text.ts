/**
 * Text Request and Text Response (RFC 7143 §11.10, §11.11). The keys are the data segment.
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

const CONTINUE = 0x40;

/** Text Request: keys for the target, or a request for the rest of its answer. */
export interface TextRequest extends RequestNumbers {
  /** Always 04h. */
  readonly opcode: typeof Opcode.TextRequest;
  /** I: immediate delivery; constant through a sequence. */
  readonly immediate: boolean;
  /** F: the last request of the sequence, as far as the initiator is concerned. */
  readonly final: boolean;
  /** C: the keys continue in the next request. */
  readonly continue: boolean;
  /** The LUN that came with `ttt`, else 0. */
  readonly lun: bigint;
  /** Initiator task tag, the same through a sequence. */
  readonly itt: number;
  /** The target transfer tag of the response that this continues, or ffffffffh. */
  readonly ttt: number;
}

/** Text Response. */
export interface TextResponse extends ResponseNumbers {
  /** Always 24h. */
  readonly opcode: typeof Opcode.TextResponse;
  /** F: the answer is complete; only in answer to a request with F. */
  readonly final: boolean;
  /** C: the keys continue in the next response. */
  readonly continue: boolean;
  /** To be returned with `ttt` when that is not ffffffffh. */
  readonly lun: bigint;
  /** Initiator task tag of the request. */
  readonly itt: number;
  /** Tag to return in the next request; ffffffffh when `final` is set. */
  readonly ttt: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeTextRequest(pdu: TextRequest, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.TextRequest | (pdu.immediate ? IMMEDIATE : 0);
  bhs[FLAGS] = sequenceFlags(pdu);
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeRequestNumbers(bhs, pdu);
}

/** Reads a Text Request from its 48-byte header, of which it keeps nothing. */
export function decodeTextRequest(bhs: Uint8Array): TextRequest {
  return {
    opcode: Opcode.TextRequest,
    immediate: (bhs[OPCODE] & IMMEDIATE) !== 0,
    final: (bhs[FLAGS] & FINAL) !== 0,
    continue: (bhs[FLAGS] & CONTINUE) !== 0,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    cmdSn: readU32(bhs, CMD_SN),
    expStatSn: readU32(bhs, EXP_STAT_SN),
  };
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeTextResponse(pdu: TextResponse, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.TextResponse;
  bhs[FLAGS] = sequenceFlags(pdu);
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, pdu.itt);
  writeU32(bhs, TARGET_TRANSFER_TAG, pdu.ttt);
  writeResponseNumbers(bhs, pdu);
}

/** Reads a Text Response from its 48-byte header, of which it keeps nothing. */
export function decodeTextResponse(bhs: Uint8Array): TextResponse {
  return {
    opcode: Opcode.TextResponse,
    final: (bhs[FLAGS] & FINAL) !== 0,
    continue: (bhs[FLAGS] & CONTINUE) !== 0,
    lun: readLun(bhs),
    itt: readU32(bhs, INITIATOR_TASK_TAG),
    ttt: readU32(bhs, TARGET_TRANSFER_TAG),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
  };
}

function sequenceFlags(pdu: TextRequest | TextResponse): number {
  return (pdu.final ? FINAL : 0) | (pdu.continue ? CONTINUE : 0);
}
