/** A simulated unit with initiators at it, for tests: commands in, short answers out. */

import { decodeSense } from "../../../scsi/sense.ts";
import type { DeviceServer, Nexus, TaskResult } from "../../../sim/device_server.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

export function nexus(name: string): Nexus {
  return { initiatorName: `iqn.2026-01.com.example:${name}`, isid: "400000000001" };
}

/** Bytes of `values`, big-endian, each of so many bytes: `field(2, 1000, 1)`. */
export function field(size: number, ...values: number[]): number[] {
  return values.flatMap((value) =>
    Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** (size - 1 - i)) % 256)
  );
}

/** `GOOD`, `status 18`, or sense as `5/2100`. */
export function summary({ status, sense }: TaskResult): string {
  if (status === 0) return "GOOD";
  if (sense === undefined) return `status ${status.toString(16)}`;
  const { key, asc, ascq } = decodeSense(sense);
  return `${key.toString(16)}/${((asc << 8) | ascq).toString(16).padStart(4, "0")}`;
}

export class UnitBench {
  readonly first = nexus("first");
  readonly second = nexus("second");
  readonly #unit: DeviceServer;

  /** Both initiators are there, and have heard of the power being switched on. */
  constructor(unit: DeviceServer) {
    this.#unit = unit;
    for (const each of [this.first, this.second]) {
      unit.nexusEstablished(each);
      this.run([0x00], NOTHING, each);
    }
  }

  /** The data goes as far as the unit asks for it, as over iSCSI. */
  run(cdb: readonly number[], dataOut = NOTHING, from = this.first): TaskResult {
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const wanted = this.#unit.dataOutLength(padded);
    const task = { cdb: padded, dataOut: dataOut.subarray(0, wanted), nexus: from };
    return this.#unit.execute(task) as TaskResult;
  }

  say(cdb: readonly number[], dataOut = NOTHING, from = this.first): string {
    return summary(this.run(cdb, dataOut, from));
  }

  /** The data of a command that has to succeed. */
  data(cdb: readonly number[], dataOut = NOTHING, from = this.first): Uint8Array {
    const result = this.run(cdb, dataOut, from);
    if (result.status !== 0) throw new Error(`Command failed: ${summary(result)}`);
    return result.dataIn ?? NOTHING;
  }
}
