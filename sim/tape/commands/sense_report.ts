/**
 * Sense data of the simulated drive, and REQUEST SENSE (SPC-5 §6.39).
 *
 * @module
 */

import { encodeSense, type SenseFormat } from "../../../scsi/sense.ts";
import type { Task } from "../../device_server.ts";
import { type Condition, Conditions, type Outcome } from "../conditions.ts";
import { CONTROL, type DriveCommand } from "./drive_command.ts";
import type { DriveQuirks } from "../drive_quirks.ts";
import type { DriveState } from "../drive_state.ts";
import { cutToAllocation } from "./transfer_length.ts";

const DESC = 0x01;

/** REQUEST SENSE. */
export const REQUEST_SENSE: DriveCommand = {
  opcode: 0x03,
  usage: [DESC, 0, 0, 0xff, CONTROL],
  ignoresUnitAttention: true,
  allowedWhenReserved: true,
  execute: requestSense,
};

/** Gives, and thereby clears, what is pending; else how ready the drive is. */
function requestSense(drive: DriveState, { cdb, nexus }: Task): Outcome {
  const condition = drive.attentions.take(nexus) ?? drive.deferredErrors.shift() ??
    drive.operation.progress() ?? drive.readiness.reason() ??
    drive.health.take() ?? idle(drive);
  const format = (cdb[1] & DESC) !== 0 ? "descriptor" : "fixed";
  return { dataIn: cutToAllocation(senseData(drive, condition, format), cdb[4]) };
}

/** Nothing is the matter, but perhaps the heads (SSC-4 §4.2.20.3). */
function idle({ cleaning }: DriveState): Condition {
  return cleaning === "none" ? Conditions.noSense : Conditions.cleaningRequested;
}

/** The condition as autosense data, in the format that D_SENSE asks for. */
export function autosense(drive: DriveState, condition: Condition): Uint8Array {
  return senseData(drive, condition, drive.modes.descriptorSense ? "descriptor" : "fixed");
}

function senseData(drive: DriveState, condition: Condition, format: SenseFormat): Uint8Array {
  const cleaningRequested = drive.cleaning === "none" ? condition.cleaningRequested : true;
  return encodeSense({ ...withQuirks(condition, drive.quirks), cleaningRequested }, format);
}

function withQuirks(condition: Condition, quirks: DriveQuirks): Condition {
  let { information, asc, ascq } = condition;
  const hasFlag = condition.filemark || condition.endOfMedium || condition.incorrectLength;
  if (quirks.missingInformation) information = undefined;
  if (quirks.flagsWithoutAsc && hasFlag) asc = ascq = 0;
  const endOfMedium = condition.endOfMedium && !quirks.missingEndOfMedium;
  return { ...condition, information, asc, ascq, endOfMedium };
}
