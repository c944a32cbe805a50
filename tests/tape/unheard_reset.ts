/** Resets amid the driver's own commands. */

import { lost } from "./cut_unit.ts";
import type { SimUnit } from "./sim_unit.ts";

const TEST_UNIT_READY = 0x00;

/** The drive is reset before it answers the next TEST UNIT READY. */
export function resetAtReady(unit: SimUnit): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    if (command.cdb[0] === TEST_UNIT_READY) {
      unit.execute = execute;
      unit.drive.reset();
    }
    return await execute(command);
  };
}

/** The drive is reset, and the answer that tells of it does not come. */
export function resetUnheard(unit: SimUnit): void {
  const execute = unit.execute.bind(unit);
  unit.execute = async (command) => {
    unit.execute = execute;
    unit.drive.reset();
    await execute(command);
    throw lost("unknown");
  };
}
