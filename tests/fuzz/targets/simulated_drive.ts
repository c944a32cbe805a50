/** The simulated drive under a sequence of any CDBs with any data: it answers each, and never throws. */

import assert from "node:assert/strict";
import type { Nexus } from "../../../sim/device_server.ts";
import { SimulatedDrive } from "../../../sim/tape/drive.ts";
import { MemoryMedium } from "../../../sim/tape/memory_medium.ts";
import { decodeSense } from "../../../scsi/sense.ts";
import { concat } from "../../../transport/concat.ts";
import { Choices } from "../choices.ts";
import type { FuzzTarget } from "../fuzz_target.ts";

const NEXUS: Nexus = { initiatorName: "iqn.2026-03.com.example:fuzz", isid: "800000000000" };
const CDB_BYTES = 16;
const CAPACITY_BYTES = 65_536;
const MAX_COMMANDS = 40;

export const simulatedDriveTarget: FuzzTarget = {
  name: "simulated-drive",
  seeds: [
    program([0], [1], [0x0a, 0, 0, 0, 9], [0x10, 0, 0, 0, 1], [0x11, 1, 255, 255, 255], [
      8,
      0,
      0,
      1,
    ]),
    program([0], [0x34, 6], [0x92, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0x2b, 0, 0, 0, 0, 0, 1], [
      0x19,
    ]),
    program([0x12, 1, 0x83, 0, 255], [0x1a, 0, 0x3f, 0, 255], [0x4d, 0, 0x6e, 0, 0, 0, 0, 0, 255]),
    program([0x15, 0x10, 0, 0, 12], [0x44, 1], [5], [0xa0, 0, 0, 0, 0, 0, 0, 0, 1], [
      0x1b,
      0,
      0,
      0,
      1,
    ]),
    program([0x5a, 0, 0x0f, 0, 0, 0, 0, 0, 64], [0xa3, 12, 0, 0, 0, 0, 0, 0, 255], [
      3,
      0,
      0,
      0,
      252,
    ]),
    program([0x1e, 0, 0, 0, 1], [0x16], [0x17], [0x8d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99]),
  ],
  tokens: [[8], [0x0a, 1], [0x11, 0], [0x11, 3], [0x15, 0x10], [0x55, 0x10]].map((bytes) =>
    Uint8Array.from(bytes)
  ),
  maxBytes: 1024,
  run(input) {
    const medium = new MemoryMedium({ capacityBytes: CAPACITY_BYTES });
    const drive = new SimulatedDrive({ medium, commandLogLength: 1 });
    drive.nexusEstablished(NEXUS);
    const choices = new Choices(input);
    for (let count = 0; count < MAX_COMMANDS && !choices.isOver; count++) step(drive, choices);
    const partition = medium.partitions[0];
    assert.ok(
      partition.bytesBefore(partition.objectCount) <= 2 * CAPACITY_BYTES,
      "a tape has an end",
    );
  },
};

function step(drive: SimulatedDrive, choices: Choices): void {
  const cdb = new Uint8Array(CDB_BYTES);
  cdb.set(choices.take(CDB_BYTES));
  const wanted = drive.dataOutLength(cdb);
  assert.ok(Number.isInteger(wanted) && wanted >= 0);
  // Now and then the initiator has less than the command asks for.
  const sent = new Uint8Array(Math.min(wanted, choices.byte() * 300));
  sent.set(choices.take(Math.min(sent.length, 24)));
  const result = drive.execute({ cdb, dataOut: sent, nexus: NEXUS });
  // Without a timing model every answer is there at once.
  if (result instanceof Promise) throw new Error("The drive takes its time");
  const { status, sense, dataIn } = result;
  assert.ok(status >= 0 && status <= 0xff);
  if (status === 2) assert.notEqual(decodeSense(sense!).format, "none");
  assert.ok((dataIn?.length ?? 0) <= 2 * CAPACITY_BYTES);
}

/** Commands with 8 bytes of data, or none where the drive wants none. */
function program(...cdbs: number[][]): Uint8Array {
  return concat(cdbs.map((cdb) => {
    const bytes = new Uint8Array(CDB_BYTES + 1);
    bytes.set(cdb);
    bytes[CDB_BYTES] = 1;
    return bytes;
  }));
}
