/**
 * Status codes of SCSI commands (SAM-5 §5.3.1).
 *
 * @module
 */

import { hexByte } from "./hex_byte.ts";

/** Status codes by name. */
export const Status = {
  Good: 0x00,
  CheckCondition: 0x02,
  ConditionMet: 0x04,
  Busy: 0x08,
  ReservationConflict: 0x18,
  TaskSetFull: 0x28,
  AcaActive: 0x30,
  TaskAborted: 0x40,
} as const;

/** One of the status codes of {@link Status}. */
export type Status = (typeof Status)[keyof typeof Status];

const NAMES: Readonly<Record<number, string>> = {
  [Status.Good]: "GOOD",
  [Status.CheckCondition]: "CHECK CONDITION",
  [Status.ConditionMet]: "CONDITION MET",
  [Status.Busy]: "BUSY",
  // Obsolete since SAM-4, still named for old devices.
  0x10: "INTERMEDIATE",
  0x14: "INTERMEDIATE-CONDITION MET",
  [Status.ReservationConflict]: "RESERVATION CONFLICT",
  0x22: "COMMAND TERMINATED",
  [Status.TaskSetFull]: "TASK SET FULL",
  [Status.AcaActive]: "ACA ACTIVE",
  [Status.TaskAborted]: "TASK ABORTED",
};

/** The name of a status code as SAM-5 writes it, or `status XXh` for one that has none. */
export function statusName(status: number): string {
  return NAMES[status] ?? `status ${hexByte(status)}h`;
}
