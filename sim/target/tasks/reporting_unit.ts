/**
 * REPORT LUNS, which the target answers on behalf of its logical units (SPC-5 §6.33).
 *
 * @module
 */

import { readU32 } from "../../../scsi/big_endian.ts";
import { SelectReport } from "../../../scsi/cdb.ts";
import { encodeReportLuns } from "../../../scsi/report_luns.ts";
import { Status } from "../../../scsi/status.ts";
import type { DeviceServer, Nexus, Task, TaskResult } from "../../device_server.ts";
import { taskSense } from "./task_sense.ts";

const REPORT_LUNS = 0xa0;
const SELECT_REPORT = 2;
const ALLOCATION_LENGTH = 6;
/** SPC-5 §6.33: room for one LUN is the least. */
const MIN_ALLOCATION_LENGTH = 16;

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
    return task.cdb[0] === REPORT_LUNS ? this.#reportLuns(task) : this.#device.execute(task);
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
    const select = cdb[SELECT_REPORT];
    const allocation = readU32(cdb, ALLOCATION_LENGTH);
    if (select > SelectReport.All || allocation < MIN_ALLOCATION_LENGTH) {
      return { status: Status.CheckCondition, sense: taskSense("invalidField") };
    }
    const luns = select === SelectReport.WellKnown ? [] : this.#luns(nexus.initiatorName);
    return { status: Status.Good, dataIn: encodeReportLuns(luns).subarray(0, allocation) };
  }
}
