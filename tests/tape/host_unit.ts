/** One of several hosts on a simulated drive, whose commands may take time. */

import type { LogicalUnit, ScsiCommand, ScsiResult } from "../../scsi/logical_unit.ts";
import type { Nexus } from "../../sim/device_server.ts";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";

const NO_BYTES = new Uint8Array(0);

/** The way of one host to a drive that others use, too; closing it leaves the drive open. */
export class HostUnit implements LogicalUnit {
  readonly name: string;
  readonly #drive: SimulatedDrive;
  readonly #nexus: Nexus;

  constructor(drive: SimulatedDrive, name: string) {
    this.name = name;
    this.#drive = drive;
    this.#nexus = { initiatorName: `iqn.test:${name}`, isid: "000000000000" };
    drive.nexusEstablished(this.#nexus);
  }

  async execute({ cdb, dataIn, dataOut = NO_BYTES }: ScsiCommand): Promise<ScsiResult> {
    const answer = await this.#drive.execute({ cdb, dataOut, nexus: this.#nexus });
    const came = answer.dataIn ?? NO_BYTES;
    const dataInLength = Math.min(came.length, dataIn?.length ?? 0);
    dataIn?.set(came.subarray(0, dataInLength));
    const residual = (dataIn?.length ?? 0) - dataInLength;
    return { status: answer.status, sense: answer.sense ?? NO_BYTES, dataInLength, residual };
  }

  close(): Promise<void> {
    this.#drive.nexusLost(this.#nexus);
    return Promise.resolve();
  }
}
