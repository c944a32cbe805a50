/**
 * REPORT LUNS, which the target answers on behalf of its logical units (SPC-5 §6.33).
 *
 * @module
 */

import { encodeSense } from "../../../scsi/sense.ts";
import { Status } from "../../../scsi/status.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../../device_server.ts";
import { lunReport, REPORT_LUNS } from "../../unit/report_luns.ts";
import { reservedBits } from "../../unit/unit_command.ts";

/** A logical unit as the target presents it: the device's own commands, and REPORT LUNS. */
export class ReportingUnit implements DeviceServer {
  readonly #device: DeviceServer;
  readonly #luns: (initiatorName: string) => readonly bigint[];

  /** `luns` are those that the initiator with a name sees of the whole target, in order. */
  constructor(device: DeviceServer, luns: (initiatorName: string) => readonly bigint[]) {
    this.#device = device;
    this.#luns = luns;
  }

  get deviceType(): number {
    return this.#device.deviceType;
  }

  dataOutLength(cdb: Uint8Array): number {
    return this.#device.dataOutLength(cdb);
  }

  execute(task: Task): TaskResult | Promise<TaskResult> {
    return task.cdb[0] === REPORT_LUNS.opcode ? this.#reportLuns(task) : this.#device.execute(task);
  }

  nexusEstablished(nexus: Nexus): void {
    this.#device.nexusEstablished(nexus);
  }

  nexusLost(nexus: Nexus): void {
    this.#device.nexusLost(nexus);
  }

  reset(): void {
    this.#device.reset();
  }

  close(): Promise<void> {
    return this.#device.close();
  }

  #reportLuns({ cdb, nexus }: Task): TaskResult {
    const luns = this.#luns(nexus.initiatorName);
    const { condition, dataIn } = reservedBits(REPORT_LUNS, cdb) ?? lunReport(cdb, luns);
    return condition === undefined
      ? { status: Status.Good, dataIn }
      : { status: Status.CheckCondition, sense: encodeSense(condition) };
  }
}
