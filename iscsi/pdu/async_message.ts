/**
 * Asynchronous Message (RFC 7143 §11.9). Sense and event data are the data segment, in the form that
 * `decodeResponseSegment` of scsi_response.ts reads.
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
  readLun,
  RESERVED_TAG,
  STAT_SN,
  writeLun,
} from "./bhs.ts";
import { codeName, type CodeNames, hexByte } from "./code_name.ts";
import { Opcode } from "./opcode.ts";
import { type ResponseNumbers, writeResponseNumbers } from "./sequence_numbers.ts";

const ASYNC_EVENT = 36;
const ASYNC_VCODE = 37;
const PARAMETER1 = 38;
const PARAMETER2 = 40;
const PARAMETER3 = 42;

const FIRST_VENDOR_EVENT = 248;

/** Asynchronous events (RFC 7143 §11.9.1); 248 to 255 are the vendor's. */
export const AsyncEvent = {
  ScsiEvent: 0,
  LogoutRequested: 1,
  ConnectionDropped: 2,
  SessionDropped: 3,
  NegotiationRequested: 4,
  TasksTerminated: 5,
} as const;

const EVENT_NAMES: CodeNames = {
  [AsyncEvent.ScsiEvent]: "SCSI asynchronous event",
  [AsyncEvent.LogoutRequested]: "target requests logout",
  [AsyncEvent.ConnectionDropped]: "target will drop the connection",
  [AsyncEvent.SessionDropped]: "target will drop all connections of the session",
  [AsyncEvent.NegotiationRequested]: "target requests parameter negotiation",
  [AsyncEvent.TasksTerminated]: "all active tasks of the logical unit are being terminated",
};

/** Asynchronous Message; its initiator task tag is always ffffffffh. */
export interface AsyncMessage extends ResponseNumbers {
  /** Always 32h. */
  readonly opcode: typeof Opcode.AsyncMessage;
  /** Logical unit, for events 0 and 5. */
  readonly lun: bigint;
  /** One of {@link AsyncEvent}, or a vendor's. */
  readonly asyncEvent: number;
  /** The vendor's code, for a vendor's event. */
  readonly asyncVCode: number;
  /** Event 2: the CID of the connection. */
  readonly parameter1: number;
  /** Events 2 and 3: Time2Wait in seconds. */
  readonly parameter2: number;
  /** Events 1 and 4: seconds within which to act. Events 2 and 3: Time2Retain in seconds. */
  readonly parameter3: number;
}

/** Writes `pdu` over all 48 bytes of `bhs`. */
export function encodeAsyncMessage(pdu: AsyncMessage, bhs: Uint8Array): void {
  bhs.fill(0);
  bhs[OPCODE] = Opcode.AsyncMessage;
  bhs[FLAGS] = FINAL;
  writeLun(bhs, pdu.lun);
  writeU32(bhs, INITIATOR_TASK_TAG, RESERVED_TAG);
  writeResponseNumbers(bhs, pdu);
  bhs[ASYNC_EVENT] = pdu.asyncEvent;
  bhs[ASYNC_VCODE] = pdu.asyncVCode;
  writeU16(bhs, PARAMETER1, pdu.parameter1);
  writeU16(bhs, PARAMETER2, pdu.parameter2);
  writeU16(bhs, PARAMETER3, pdu.parameter3);
}

/** Reads an Asynchronous Message from its 48-byte header, of which it keeps nothing. */
export function decodeAsyncMessage(bhs: Uint8Array): AsyncMessage {
  return {
    opcode: Opcode.AsyncMessage,
    lun: readLun(bhs),
    statSn: readU32(bhs, STAT_SN),
    expCmdSn: readU32(bhs, EXP_CMD_SN),
    maxCmdSn: readU32(bhs, MAX_CMD_SN),
    asyncEvent: bhs[ASYNC_EVENT],
    asyncVCode: bhs[ASYNC_VCODE],
    parameter1: readU16(bhs, PARAMETER1),
    parameter2: readU16(bhs, PARAMETER2),
    parameter3: readU16(bhs, PARAMETER3),
  };
}

/** The asynchronous event in words. */
export function asyncEventName(event: number): string {
  if (event >= FIRST_VENDOR_EVENT) return `vendor-specific event ${hexByte(event)}`;
  return codeName(EVENT_NAMES, event);
}
