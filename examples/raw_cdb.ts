/**
 * Commands of one's own: sends READ POSITION and LOG SENSE as raw CDBs, past the tape driver, and reads the bytes of the
 * answers. Who moves or writes the tape so, keeps count of its position himself.
 *
 *     deno run -A examples/raw_cdb.ts sim:scratch.tap
 *
 * @module
 */

import process from "node:process";
import { openLogicalUnit } from "@uiscsi/tape";
import {
  decodeSense,
  describeSense,
  executeChecked,
  type LogicalUnit,
  testUnitReady,
} from "@uiscsi/tape/scsi";

const [address] = process.argv.slice(2);
if (address === undefined) throw new Error("Usage: raw_cdb.ts ADDRESS");

const unit = await openLogicalUnit(address);
try {
  await tellUnitAttentions(unit);
  await tellPosition(unit);
  await tellLogPages(unit);
} finally {
  await unit.close();
}

/** A device first says what happened to it since the last time: `execute` gives that as a status, and throws nothing. */
async function tellUnitAttentions(unit: LogicalUnit): Promise<void> {
  for (let count = 0; count < 8; count++) {
    const { status, sense } = await unit.execute({ cdb: new Uint8Array(6) }); // TEST UNIT READY
    if (status === 0) return;
    console.log(`not ready yet: ${describeSense(decodeSense(sense))}`);
  }
  await testUnitReady(unit); // Throws what it still says.
}

/** READ POSITION, short form (SSC-4 §7.7.2). */
async function tellPosition(unit: LogicalUnit): Promise<void> {
  const dataIn = new Uint8Array(20);
  const cdb = new Uint8Array(10);
  cdb[0] = 0x34;
  await executeChecked(unit, { cdb, dataIn });
  const answer = new DataView(dataIn.buffer);
  const isUnknown = (answer.getUint8(0) & 0x04) !== 0;
  const object = answer.getUint32(4);
  console.log(isUnknown ? "position unknown" : `at object ${object}`);
}

/** LOG SENSE, page 00h: which log pages there are (SPC-5 §7.3.17). */
async function tellLogPages(unit: LogicalUnit): Promise<void> {
  const dataIn = new Uint8Array(260);
  const cdb = Uint8Array.of(0x4d, 0, 0x40, 0, 0, 0, 0, dataIn.length >> 8, dataIn.length & 0xff, 0);
  const { dataInLength } = await executeChecked(unit, { cdb, dataIn });
  const pages = [...dataIn.subarray(4, dataInLength)].map((page) => `${page.toString(16)}h`);
  console.log(`log pages ${pages.join(", ")}`);
}
