/**
 * Drive and driver in one process, over the network in memory.
 *
 * @module
 */

import process from "node:process";
import { openTape, type TapeDrive } from "../../mod.ts";
import { loopbackTarget, MemoryMedium, SimulatedDrive } from "../../sim/mod.ts";
import { median, sizeName } from "../figures.ts";
import type { Part } from "../part.ts";

const RECORD_LENGTHS = [65536, 262144];
const TAPE_BYTES = 256 << 20;

/** How fast a pass over the tape was. */
interface Rate {
  /** MB a second. */
  readonly wall: number;
  /** MB for each second of CPU, whoever else used the machine. */
  readonly cpu: number;
}

interface Rates {
  readonly write: Rate;
  readonly read: Rate;
}

/** Rates of our driver on our own drive. */
export const simulator: Part = {
  name: "simulator",
  about: "drive and driver in one process",
  measure: async ({ rounds }) => {
    const rows: string[][] = [];
    for (const length of RECORD_LENGTHS) {
      await writeAndRead(length); // What is compiled by then is not measured.
      const taken: Rates[] = [];
      for (let round = 0; round < rounds; round++) taken.push(await writeAndRead(length));
      const figures = (["wall", "cpu"] as const).flatMap((by) =>
        (["write", "read"] as const).map((what) =>
          median(taken.map((rates) => rates[what][by])).toFixed(0)
        )
      );
      rows.push([sizeName(length), ...figures]);
    }
    return {
      title: "Simulator",
      about:
        "256 MiB to and from a cartridge in memory, both sides in one process and one thread, " +
        "4 commands in flight. Nothing but our own code, so that a change in it shows.",
      table: {
        columns: ["Records", "write, MB/s", "read, MB/s", "write, MB/CPU s", "read, MB/CPU s"],
        rows,
      },
    };
  },
};

async function writeAndRead(recordLength: number): Promise<Rates> {
  const device = new SimulatedDrive({ medium: new MemoryMedium() });
  const target = await loopbackTarget({
    targetName: "iqn.2026-03.com.example:bench",
    units: [{ lun: 0, device }],
  });
  try {
    const drive = await openTape(target.urls[0], {
      dial: target.dial,
      readAhead: 4,
      writeBehind: 4,
      recordBytesHint: recordLength,
    });
    try {
      const write = await rate(() => writeTape(drive, recordLength));
      await drive.rewind();
      return { write, read: await rate(() => readTape(drive)) };
    } finally {
      await drive.close();
    }
  } finally {
    await target.close();
  }
}

/** Rates of work that moves the whole tape. */
async function rate(work: () => Promise<void>): Promise<Rate> {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpuStart);
  return {
    wall: TAPE_BYTES / 1e3 / (performance.now() - start),
    cpu: TAPE_BYTES / (user + system),
  };
}

async function writeTape(drive: TapeDrive, recordLength: number): Promise<void> {
  const record = new Uint8Array(recordLength).fill(0x5a);
  for (let left = TAPE_BYTES; left > 0; left -= recordLength) await drive.write(record);
  await drive.writeFilemarks();
}

async function readTape(drive: TapeDrive): Promise<void> {
  let count = 0;
  for await (const record of drive.records({ reuse: true })) count += record.length;
  if (count !== TAPE_BYTES) throw new Error(`Cannot measure: ${count} bytes came back`);
}
