/**
 * Sense data that comes from the target itself rather than from a device (RFC 7143 §11.4.7.2, SPC-5 §4.4.8).
 *
 * @module
 */

import { encodeSense } from "../../../scsi/sense.ts";
import { SenseKey } from "../../../scsi/sense_codes.ts";
import { Status } from "../../../scsi/status.ts";
import type { TaskResult } from "../../device_server.ts";
import type { DataFault } from "./data_collection.ts";

const { AbortedCommand, HardwareError, IllegalRequest, UnitAttention } = SenseKey;

type OwnReason = "noSuchUnit" | "invalidField" | "deviceFailed" | "retransmission" | TaskAttention;

/** What a nexus hears about tasks that ended without an answer, with the next command (SAM-5 §5.14). */
export type TaskAttention = "clearedByOther" | "clearedByEvent";

/** What the target says about a command that never got to a device, or whose device failed. */
export const TaskSense = {
  /** LOGICAL UNIT NOT SUPPORTED. */
  noSuchUnit: { key: IllegalRequest, asc: 0x25, ascq: 0x00 },
  /** INVALID FIELD IN CDB. */
  invalidField: { key: IllegalRequest, asc: 0x24, ascq: 0x00 },
  /** INTERNAL TARGET FAILURE. */
  deviceFailed: { key: HardwareError, asc: 0x44, ascq: 0x00 },
  /** READ ERROR - FAILED RETRANSMISSION REQUEST: a SNACK that cannot be honored. */
  retransmission: { key: AbortedCommand, asc: 0x11, ascq: 0x13 },
  /** COMMANDS CLEARED BY ANOTHER INITIATOR. */
  clearedByOther: { key: UnitAttention, asc: 0x2f, ascq: 0x00 },
  /** SOME COMMANDS CLEARED BY ISCSI PROTOCOL EVENT (RFC 7143 §11.14.5). */
  clearedByEvent: { key: UnitAttention, asc: 0x47, ascq: 0x7f },
  /** PROTOCOL SERVICE CRC ERROR. */
  crc: { key: AbortedCommand, asc: 0x47, ascq: 0x05 },
  /** UNEXPECTED UNSOLICITED DATA. */
  unexpected: { key: AbortedCommand, asc: 0x0c, ascq: 0x0c },
  /** NOT ENOUGH UNSOLICITED DATA: an incorrect amount of data. */
  amount: { key: AbortedCommand, asc: 0x0c, ascq: 0x0d },
} as const satisfies Readonly<Record<DataFault | OwnReason, object>>;

const REQUEST_SENSE = 0x03;
const DESC = 0x01;

/**
 * What a command comes to that a unit attention awaits: CHECK CONDITION, or for REQUEST SENSE the answer
 * (SAM-5 §5.14).
 */
export function attentionResult(attention: TaskAttention, cdb: Uint8Array): TaskResult {
  if (cdb[0] !== REQUEST_SENSE) {
    return { status: Status.CheckCondition, sense: taskSense(attention) };
  }
  const format = (cdb[1] & DESC) !== 0 ? "descriptor" : "fixed";
  const sense = encodeSense(TaskSense[attention], format);
  return { status: Status.Good, dataIn: sense.subarray(0, cdb[4]) };
}

/** Sense data in fixed format for one of {@link TaskSense}. The array is the caller's. */
export function taskSense(reason: keyof typeof TaskSense): Uint8Array {
  return encodeSense(TaskSense[reason]);
}
