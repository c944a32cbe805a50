/** A drive with a blank tape, and what a command line makes of it. */

import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { MemoryHost } from "../memory_host.ts";
import { SimDevices, tape } from "../sim_devices.ts";

export function bench() {
  const drive = new SimulatedDrive({ medium: new MemoryMedium() });
  return { drive, devices: new SimDevices(drive) };
}

/** What is on the tape: lengths of records, 0 for a filemark. */
export function layout(drive: SimulatedDrive): number[] {
  return drive.objects().map((object) => object.kind === "filemark" ? 0 : object.data.length);
}

export async function readFile(line: string, devices: SimDevices, host = new MemoryHost()) {
  const status = await tape(line, host, devices);
  return { status, host, bytes: host.sinks.get("out")?.bytes };
}
