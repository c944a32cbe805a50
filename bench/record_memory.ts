/**
 * Reads 10,000 records of 1 MiB with `records({ reuse: true })` and says how much memory the process held:
 *
 *     deno run -A bench/record_memory.ts URL [DEPTH]
 *
 * It writes 500 records first, so **what is on the tape is lost**, and reads these over and over. Ends with status 1 when the process held more than 100 MB and as
 * many records as are read ahead, or its memory still grew in the second half.
 *
 * @module
 */

import process from "node:process";
import { openTape, type TapeDrive } from "../mod.ts";

const RECORD_BYTES = 1 << 20;
const RECORDS_ON_TAPE = 500;
const ROUNDS = 20;
const ALLOWED_BYTES = 100e6;
/** What the collector may be behind with at the moment of a sample. */
const NOISE_BYTES = 20e6;

async function writeTape(drive: TapeDrive): Promise<void> {
  await drive.rewind();
  const record = new Uint8Array(RECORD_BYTES).fill(0x5a);
  for (let number = 0; number < RECORDS_ON_TAPE; number++) await drive.write(record);
  await drive.writeFilemarks();
}

/** The most memory that was held in each round. */
async function readRounds(drive: TapeDrive): Promise<number[]> {
  const most: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await drive.rewind();
    let held = 0;
    let count = 0;
    for await (const record of drive.records({ reuse: true })) {
      if (record.length !== RECORD_BYTES) throw new Error("Cannot measure: that is another tape");
      if (++count % 20 === 0) held = Math.max(held, process.memoryUsage().rss);
    }
    most.push(held);
  }
  return most;
}

const [address, depthText = "4"] = process.argv.slice(2);
const depth = Number(depthText);
const drive = await openTape(address, { readAhead: depth, writeBehind: depth });
try {
  await writeTape(drive);
  const most = await readRounds(drive);
  const half = most.length / 2;
  const [first, second] = [Math.max(...most.slice(0, half)), Math.max(...most.slice(half))];
  const allowed = ALLOWED_BYTES + depth * RECORD_BYTES;
  const isFlat = second <= first + NOISE_BYTES;
  console.log(
    `depth=${depth} records=${ROUNDS * RECORDS_ON_TAPE} rss=${
      (Math.max(first, second) / 1e6).toFixed(0)
    }MB`,
    `rounds=${most.map((held) => (held / 1e6).toFixed(0)).join(",")}`,
    `allowed=${(allowed / 1e6).toFixed(0)}MB growth=${((second - first) / 1e6).toFixed(0)}MB`,
  );
  if (Math.max(first, second) > allowed || !isFlat) process.exitCode = 1;
} finally {
  await drive.close();
}
