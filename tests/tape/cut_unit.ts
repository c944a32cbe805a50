/** A simulated drive behind a connection that breaks. */

import { ServiceDeliveryError } from "../../scsi/errors.ts";
import type { RecoverableLogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import { SimUnit, type SimUnitOptions, type TargetHabits } from "./sim_unit.ts";

/** A unit whose connection is lost at the n-th command, which the drive executes or never sees. */
export class CutUnit implements RecoverableLogicalUnit {
  readonly name = "cut";
  readonly sim: SimUnit;
  nexusLost = false;
  /** Commands until the cut; infinity for none. */
  left = Infinity;
  isExecuted = false;
  /** Whether answers to commands before the cut are lost that have not come by then. */
  losesAnswers = false;
  /** What happens while the connection is lost. */
  meanwhile: () => void = () => {};
  reconnections = 0;

  constructor(habits: TargetHabits, options: SimUnitOptions = {}) {
    this.sim = new SimUnit({ habits, ...options });
  }

  async execute(command: ScsiCommand): Promise<ScsiResult> {
    if (this.nexusLost) throw lost("not-executed");
    if (--this.left <= 0) {
      this.nexusLost = true;
      if (this.isExecuted) await this.sim.execute(command);
      throw lost("unknown");
    }
    const result = await this.sim.execute(command);
    // What was under way when the connection broke was executed, and its answer lost.
    if (this.nexusLost && this.losesAnswers) throw lost("unknown");
    return result;
  }

  reestablish(): Promise<void> {
    this.meanwhile();
    this.nexusLost = false;
    this.left = Infinity;
    this.reconnections++;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.sim.close();
  }
}

export function lost(outcome: "unknown" | "not-executed"): ServiceDeliveryError {
  return new ServiceDeliveryError("the connection broke", { outcome });
}
