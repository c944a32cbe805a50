/** Writes records and filemarks to the image in the first argument for ever; prints the object count after each flush. */

import type { TaskResult } from "../../../sim/device_server.ts";
import process from "node:process";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { TapMedium } from "../../../sim/images/tap_medium.ts";

const nexus = { initiatorName: "iqn.2026-01.com.example:writer", isid: "400000000001" };
const drive = new SimulatedDrive({
  medium: TapMedium.open(process.argv[2]),
  unitAttentions: { newNexus: [] },
});
drive.nexusEstablished(nexus);
const record = new Uint8Array(1000);

function run(cdb: number[], dataOut: Uint8Array): void {
  const { status } = drive.execute({ cdb: new Uint8Array(cdb), dataOut, nexus }) as TaskResult;
  if (status !== 0) throw new Error(`Command ${cdb[0]} failed: status ${status}`);
}

for (let file = 1;; file++) {
  for (let done = 0; done < 100; done++) run([0x0a, 0, 0, 3, 232, 0], record);
  run([0x10, 0, 0, 0, 1, 0], new Uint8Array(0));
  console.log(file * 101);
}
