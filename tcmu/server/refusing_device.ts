/**
 * What stands in for a device that is going away.
 *
 * @module
 */

import { DeviceType, encodeSense, SenseKey, Status } from "@uiscsi/tape/scsi";
import type { DeviceServer, TaskResult } from "@uiscsi/tape/sim";

/** The answer to a command that nobody will execute: LOGICAL UNIT NOT SUPPORTED (SPC-5 §4.4.8). */
export function refusal(): TaskResult {
  const sense = encodeSense({ key: SenseKey.IllegalRequest, asc: 0x25, ascq: 0x00 });
  return { status: Status.CheckCondition, sense };
}

/** Refuses every command, so that those who still use the device let go of it. */
export class RefusingDevice implements DeviceServer {
  readonly deviceType: number = DeviceType.None;

  dataOutLength(): number {
    return 0;
  }

  execute(): TaskResult {
    return refusal();
  }

  nexusEstablished(): void {}

  nexusLost(): void {}

  reset(): void {}

  async close(): Promise<void> {}
}
