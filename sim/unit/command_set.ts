/**
 * The command table of a simulated unit, found by CDB.
 *
 * @module
 */

import { Conditions, failed, invalidField, type Outcome } from "../tape/conditions.ts";
import { operationCodesCommand } from "./operation_codes.ts";
import { REPORT_LUNS } from "./report_luns.ts";
import type { UnitCommand } from "./unit_command.ts";

const SERVICE_ACTION = 0x1f;

/** The commands that one kind of unit has, and REPORT SUPPORTED OPERATION CODES over all of them. */
export class UnitCommandSet<State> {
  readonly #byOpcode: ReadonlyMap<number, readonly UnitCommand<State>[]>;

  constructor(commands: readonly UnitCommand<State>[], deviceType: number) {
    const all: UnitCommand<State>[] = [...commands, REPORT_LUNS];
    all.push(operationCodesCommand(all, deviceType));
    this.#byOpcode = Map.groupBy(all, ({ opcode }) => opcode);
  }

  /** The row for this CDB, or the ILLEGAL REQUEST that it deserves. */
  find(cdb: Uint8Array): UnitCommand<State> | Outcome {
    const candidates = this.#byOpcode.get(cdb[0]);
    if (candidates === undefined) return failed(Conditions.invalidOperationCode);
    if (candidates[0].serviceAction === undefined) return candidates[0];
    const serviceAction = cdb[1] & SERVICE_ACTION;
    return candidates.find((command) => command.serviceAction === serviceAction) ??
      invalidField(1, 4);
  }
}
