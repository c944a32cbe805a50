/**
 * The command table of the simulated drive.
 *
 * @module
 */

import { Conditions, failed, invalidField, type Outcome } from "../conditions.ts";
import { DENSITY_COMMANDS } from "./density_report.ts";
import type { DriveCommand } from "./drive_command.ts";
import type { DriveQuirks } from "../drive_quirks.ts";
import { INQUIRY_COMMANDS } from "./inquiry_commands.ts";
import { LOG_COMMANDS } from "./log_commands.ts";
import { MEDIUM_COMMANDS } from "./medium_commands.ts";
import { MODE_COMMANDS } from "./mode_commands.ts";
import { operationCodesCommand } from "./operation_codes_report.ts";
import { POSITION_COMMANDS } from "./position_commands.ts";
import { READ_POSITION } from "./position_report.ts";
import { READ_COMMANDS } from "./read_commands.ts";
import { RESERVATION_COMMANDS } from "./reservation_commands.ts";
import { REQUEST_SENSE } from "./sense_report.ts";
import { WRITE_COMMANDS } from "./write_commands.ts";

const LOCATE_10 = 0x2b;
const LOCATE_16 = 0x92;
const SERVICE_ACTION = 0x1f;

const COMMANDS: readonly DriveCommand[] = [
  ...READ_COMMANDS,
  ...WRITE_COMMANDS,
  ...POSITION_COMMANDS,
  READ_POSITION,
  ...MEDIUM_COMMANDS,
  ...MODE_COMMANDS,
  ...INQUIRY_COMMANDS,
  REQUEST_SENSE,
  ...DENSITY_COMMANDS,
  ...LOG_COMMANDS,
  ...RESERVATION_COMMANDS,
];

/** The commands that one drive has, found by CDB. */
export class CommandSet {
  readonly #byOpcode = new Map<number, DriveCommand[]>();

  constructor(quirks: DriveQuirks) {
    const isThere = ({ opcode }: DriveCommand) =>
      !quirks.noLocate || (opcode !== LOCATE_10 && opcode !== LOCATE_16);
    const commands = COMMANDS.filter(isThere);
    commands.push(operationCodesCommand(commands));
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
