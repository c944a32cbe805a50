import assert from "node:assert/strict";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MediumStoreError } from "../../../sim/tape/medium.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";

Deno.test("SimulatedDrive tells why its tape could not be written", async () => {
  const told: string[] = [];
  const medium = new MemoryMedium();
  medium.partitions[0].appendRecord = () => {
    throw new MediumStoreError("Cannot write x.tap: no space left");
  };
  const drive = new SimulatedDrive({ medium, onStoreFailure: ({ message }) => told.push(message) });
  const nexus = { initiatorName: "iqn.2026-03.com.example:test", isid: "000000000001" };
  const write = { cdb: Uint8Array.of(0x0a, 0, 0, 0, 1, 0), dataOut: new Uint8Array(1), nexus };
  const { sense } = await drive.execute(write);
  assert.deepEqual([sense?.[2], sense?.[12]], [0x03, 0x0c]);
  assert.deepEqual(told, ["Cannot write x.tap: no space left"]);
});
