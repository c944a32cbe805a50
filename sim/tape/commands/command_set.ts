/**
 * The command table of the simulated drive.
 *
 * @module
 */

import { DeviceType } from "../../../scsi/device_type.ts";
import { reservationCommands } from "../../reservations/reservation_commands.ts";
import { operationCodesCommand } from "../../unit/operation_codes.ts";
import { REPORT_LUNS } from "../../unit/report_luns.ts";
import { Conditions, failed, invalidField, type Outcome } from "../conditions.ts";
import { ATTRIBUTE_COMMANDS } from "../attributes/attribute_commands.ts";
import type { TapePersonality } from "../../personality.ts";
import type { DriveQuirks } from "../drive_quirks.ts";
import type { DriveState } from "../drive_state.ts";
import { SECURITY_COMMANDS } from "../security/security_commands.ts";
import { ACCESS_ORDER_COMMANDS } from "./access_order_commands.ts";
import { DENSITY_COMMANDS } from "./density_report.ts";
import { DIAGNOSTIC_COMMANDS } from "./diagnostic_commands.ts";
import type { DriveCommand } from "./drive_command.ts";
import { INQUIRY_COMMANDS } from "./inquiry_commands.ts";
import { LOG_COMMANDS } from "./log_commands.ts";
import { MAINTENANCE_COMMANDS } from "./maintenance_commands.ts";
import { MEDIUM_COMMANDS } from "./medium_commands.ts";
import { MODE_COMMANDS } from "./mode_commands.ts";
import { PARTITION_COMMANDS } from "./partition_commands.ts";
import { POSITION_COMMANDS } from "./position_commands.ts";
import { READ_POSITION } from "./position_report.ts";
import { READ_COMMANDS } from "./read_commands.ts";
import { READ_REVERSE_COMMANDS } from "./read_reverse_commands.ts";
import { REQUEST_SENSE } from "./sense_report.ts";
import { VERIFY_COMMANDS } from "./verify_commands.ts";
import { WRITE_COMMANDS } from "./write_commands.ts";

const LOCATE_10 = 0x2b;
const LOCATE_16 = 0x92;
const SERVICE_ACTION = 0x1f;

/** RESERVE and RELEASE in both lengths, PERSISTENT RESERVE IN and OUT. */
const RESERVATIONS: readonly number[] = [0x16, 0x17, 0x56, 0x57, 0x5e, 0x5f];

const COMMANDS: readonly DriveCommand[] = [
  ...READ_COMMANDS,
  ...WRITE_COMMANDS,
  ...POSITION_COMMANDS,
  READ_POSITION,
  ...MEDIUM_COMMANDS,
  ...MODE_COMMANDS,
  ...INQUIRY_COMMANDS,
  REPORT_LUNS,
  REQUEST_SENSE,
  ...DENSITY_COMMANDS,
  ...LOG_COMMANDS,
  ...reservationCommands<DriveState>({
    canPersist: true,
    // Keys may be bound to the reservation of the nexus that set them (SSC-4 §4.2.22).
    lost: ({ encryption }, isLoser, isPreempted) =>
      encryption.reservationLost(isLoser, isPreempted),
  }),
  ...VERIFY_COMMANDS,
  ...READ_REVERSE_COMMANDS,
  ...PARTITION_COMMANDS,
  ...ATTRIBUTE_COMMANDS,
  ...SECURITY_COMMANDS,
  ...MAINTENANCE_COMMANDS,
  ...DIAGNOSTIC_COMMANDS,
  ...ACCESS_ORDER_COMMANDS,
];

/** Whether a drive with these quirks is without the command. */
function isMissing({ opcode }: DriveCommand, quirks: DriveQuirks): boolean {
  if (quirks.noLocate && (opcode === LOCATE_10 || opcode === LOCATE_16)) return true;
  if (quirks.noLocate16 && opcode === LOCATE_16) return true;
  return (quirks.noReservations ?? false) && RESERVATIONS.includes(opcode);
}

/** The commands that one drive has, found by CDB. */
export class CommandSet {
  readonly #byOpcode = new Map<number, DriveCommand[]>();

  constructor({ features }: TapePersonality, quirks: DriveQuirks) {
    const commands = COMMANDS.filter((command) =>
      (command.feature === undefined || features[command.feature]) && !isMissing(command, quirks)
    );
    commands.push(operationCodesCommand(commands, DeviceType.Tape));
    for (const command of commands) {
      const others = this.#byOpcode.get(command.opcode);
      if (others === undefined) this.#byOpcode.set(command.opcode, [command]);
      else others.push(command);
    }
  }

  /** The row for this CDB, or the ILLEGAL REQUEST that it deserves. */
  find(cdb: Uint8Array): DriveCommand | Outcome {
    const candidates = this.#byOpcode.get(cdb[0]);
    if (candidates === undefined) return failed(Conditions.invalidOperationCode);
    if (candidates[0].serviceAction === undefined) return candidates[0];
    const serviceAction = cdb[1] & SERVICE_ACTION;
    return candidates.find((command) => command.serviceAction === serviceAction) ??
      invalidField(1, 4);
  }
}
