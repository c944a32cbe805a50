/**
 * Async Messages that a test has a target send (RFC 7143 §11.9).
 *
 * @module
 */

import { encodeAsyncMessage } from "../../../iscsi/pdu/async_message.ts";
import { Opcode } from "../../../iscsi/pdu/opcode.ts";
import { encodeResponseSegment } from "../../../iscsi/pdu/scsi_response.ts";
import { lunFromNumber } from "../../../scsi/lun.ts";
import type { Answer } from "./answer.ts";

/** An Async Message; RFC 7143 §11.9 tells what the parameters mean for each event. */
export interface TargetAsyncMessage {
  /**
   * Event code: 0 SCSI event, 1 logout requested, 2 connection dropped, 3 session dropped, 4 negotiation requested,
   * 5 tasks of a logical unit terminated, 248 to 255 the vendor's.
   */
  readonly event: number;
  /** The vendor's code. @default 0 */
  readonly vendorCode?: number;
  /** The LUN as people count, for events 0 and 5. @default 0 */
  readonly lun?: number;
  /** Event 2: the CID. @default that of the connection that carries the message; 0 for other events */
  readonly parameter1?: number;
  /** Events 2 and 3: Time2Wait in seconds. @default 0 */
  readonly parameter2?: number;
  /** Events 1 and 4: seconds within which the initiator must act. Events 2 and 3: Time2Retain in seconds. @default 0 */
  readonly parameter3?: number;
  /** Sense data, for event 0. @default none */
  readonly sense?: Uint8Array;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The PDU of a message. */
export function asyncAnswer(message: TargetAsyncMessage): Answer {
  const { event, vendorCode = 0, lun = 0, parameter1 = 0, parameter2 = 0, parameter3 = 0 } =
    message;
  return {
    data: message.sense ? encodeResponseSegment(message.sense) : NO_BYTES,
    encode: (bhs, numbers) =>
      encodeAsyncMessage({
        opcode: Opcode.AsyncMessage,
        lun: lunFromNumber(lun),
        statSn: numbers.takeStatSn(),
        expCmdSn: numbers.expCmdSn,
        maxCmdSn: numbers.maxCmdSn,
        asyncEvent: event,
        asyncVCode: vendorCode,
        parameter1,
        parameter2,
        parameter3,
      }, bhs),
  };
}
