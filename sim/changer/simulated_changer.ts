/**
 * The robot of a simulated library: an SMC-3 device server.
 *
 * @module
 */

import type { DeviceServer } from "../device_server.ts";
import { inquiryCommand } from "../unit/inquiry_answer.ts";
import { modeCommands } from "../unit/mode_commands.ts";
import { plainModeParameters } from "../unit/plain_mode_parameters.ts";
import { reservationCommands } from "../reservations/reservation_commands.ts";
import { READINESS_COMMANDS } from "../unit/sense_answer.ts";
import type { UnitCommand } from "../unit/unit_command.ts";
import { UnitServer } from "../unit/unit_server.ts";
import type { ChangerState } from "./changer_state.ts";
import { MOVE_COMMANDS } from "./move_commands.ts";
import { STATUS_COMMANDS } from "./status_commands.ts";

/** SAM-5, SPC-4, SMC-3, iSCSI. */
const STANDARDS = [0x00a0, 0x0460, 0x0480, 0x0960];

const CHANGER_COMMANDS: readonly UnitCommand<ChangerState>[] = [
  ...READINESS_COMMANDS,
  inquiryCommand<ChangerState>({ removable: () => true, versionDescriptors: STANDARDS }),
  ...modeCommands(plainModeParameters<ChangerState>({ deviceSpecific: () => 0 })),
  ...reservationCommands({ canPersist: false }),
  ...MOVE_COMMANDS,
  ...STATUS_COMMANDS,
];

/** The changer of a library; `close` closes what belongs to the whole library. */
export function simulatedChanger(state: ChangerState, close: () => void): DeviceServer {
  return new UnitServer(state, CHANGER_COMMANDS, {
    nexusLost: (nexus) => state.preventing.delete(nexus),
    reset: () => state.preventing.clear(),
    close,
  });
}
