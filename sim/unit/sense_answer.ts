/**
 * TEST UNIT READY, and sense data with REQUEST SENSE (SPC-5 §6.39, §6.47).
 *
 * @module
 */

import { encodeSense } from "../../scsi/sense.ts";
import { cutToAllocation } from "../tape/commands/transfer_length.ts";
import { type Condition, Conditions, GOOD } from "../tape/conditions.ts";
import { CONTROL, plainUsage, type UnitCommand } from "./unit_command.ts";
import type { UnitState } from "./unit_state.ts";

const DESC = 0x01;

/** TEST UNIT READY and REQUEST SENSE. */
export const READINESS_COMMANDS: readonly UnitCommand<UnitState>[] = [
  {
    opcode: 0x00,
    usage: plainUsage(6),
    needsReady: true,
    access: "allowed",
    execute: () => GOOD,
  },
  {
    opcode: 0x03,
    usage: [DESC, 0, 0, 0xff, CONTROL],
    ignoresUnitAttention: true,
    access: "allowed",
    allowedWhenReserved: true,
    // Gives, and thereby clears, what is pending; else how ready the unit is.
    execute: (state, { cdb, nexus }) => {
      const condition = state.attentions.take(nexus) ?? state.readiness() ?? Conditions.noSense;
      const format = (cdb[1] & DESC) !== 0 ? "descriptor" : "fixed";
      return { dataIn: cutToAllocation(encodeSense(condition, format), cdb[4]) };
    },
  },
];

/** A condition as autosense data, in the format that D_SENSE asks for. */
export function autosense({ modes }: UnitState, condition: Condition): Uint8Array {
  return encodeSense(condition, modes.descriptorSense ? "descriptor" : "fixed");
}
