/**
 * What answers at a LUN where there is no logical unit (SPC-5 §6.7.1, SAM-5 §4.7).
 *
 * @module
 */

import { readU16 } from "../../../scsi/big_endian.ts";
import { DeviceType } from "../../../scsi/device_type.ts";
import { encodeInquiry } from "../../../scsi/inquiry.ts";
import { Status } from "../../../scsi/status.ts";
import type { DeviceServer, Task, TaskResult } from "../../device_server.ts";
import { taskSense } from "./task_sense.ts";

const REQUEST_SENSE = 0x03;
const INQUIRY = 0x12;
const EVPD = 0x01;
/** PERIPHERAL QUALIFIER 011b: no logical unit can be there. */
const NO_UNIT = 3;

/** Answers INQUIRY and REQUEST SENSE, and refuses all else with LOGICAL UNIT NOT SUPPORTED. */
export class AbsentUnit implements DeviceServer {
  readonly deviceType: number = DeviceType.None;

  dataOutLength(): number {
    return 0;
  }

  execute({ cdb }: Task): TaskResult {
    if (cdb[0] === REQUEST_SENSE) return good(taskSense("noSuchUnit"), cdb[4]);
    if (cdb[0] !== INQUIRY) return refused("noSuchUnit");
    if ((cdb[1] & EVPD) !== 0 || cdb[2] !== 0) return refused("invalidField");
    const inquiry = encodeInquiry({
      peripheralQualifier: NO_UNIT,
      deviceType: DeviceType.None,
      vendor: "",
      product: "",
      revision: "",
    });
    return good(inquiry, readU16(cdb, 3));
  }

  nexusEstablished(): void {}

  nexusLost(): void {}

  reset(): void {}

  async close(): Promise<void> {}
}

function good(dataIn: Uint8Array, allocation: number): TaskResult {
  return { status: Status.Good, dataIn: dataIn.subarray(0, allocation) };
}

function refused(reason: "noSuchUnit" | "invalidField"): TaskResult {
  return { status: Status.CheckCondition, sense: taskSense(reason) };
}
