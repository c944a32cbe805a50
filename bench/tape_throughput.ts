/**
 * Moves records to or from a tape and prints what it took:
 *
 *     deno run -A bench/tape_throughput.ts URL write|read RECORD_BYTES COUNT DEPTH
 *
 * The CPU time and the memory are those of the whole process, its start included; the rate is that of the records
 * alone, after login and rewind.
 *
 * @module
 */

import process from "node:process";
import { mostMemory } from "./most_memory.ts";
import { openTape, type TapeDrive } from "../mod.ts";

interface Job {
  readonly address: string;
  readonly operation: "read" | "write";
  readonly recordBytes: number;
  readonly count: number;
  /** Reads in flight; writes in flight, where 1 is one at a time. */
  readonly depth: number;
}

function parseJob(args: readonly string[]): Job {
  const [address, operation, ...numbers] = args;
  const [recordBytes, count, depth] = numbers.map(Number);
  const usable = numbers.length === 3 && [recordBytes, count, depth].every((n) => n >= 1);
  if (!usable || (operation !== "read" && operation !== "write")) {
    throw new Error("Cannot start: usage: URL write|read RECORD_BYTES COUNT DEPTH");
  }
  return { address, operation, recordBytes, count, depth };
}

async function readRecords(drive: TapeDrive, { recordBytes, count }: Job): Promise<void> {
  let done = 0;
  for await (const record of drive.records({ reuse: true })) {
    if (record.length !== recordBytes) {
      throw new Error(
        `Cannot measure: record ${done} has ${record.length} bytes, not ${recordBytes}`,
      );
    }
    if (++done === count) return;
  }
  throw new Error(`Cannot measure: there are ${done} records only`);
}

async function writeRecords(drive: TapeDrive, { recordBytes, count }: Job): Promise<void> {
  const record = new Uint8Array(recordBytes).fill(0x5a);
  for (let done = 0; done < count; done++) await drive.write(record);
  await drive.flush();
}

function report(job: Job, seconds: number): string {
  const bytes = job.recordBytes * job.count;
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  return [
    `ours ${job.operation} rec=${job.recordBytes} depth=${job.depth}`,
    `MB=${(bytes / 1e6).toFixed(0)} wall=${seconds.toFixed(3)}`,
    `MB/s=${(bytes / 1e6 / seconds).toFixed(0)}`,
    `cpu=${cpuSeconds.toFixed(3)} cpu_s/GB=${(cpuSeconds / (bytes / 1e9)).toFixed(3)}`,
    `rss=${(mostMemory() / 1e6).toFixed(0)}MB`,
  ].join(" ");
}

async function measure(job: Job): Promise<string> {
  const drive = await openTape(job.address, {
    readAhead: job.operation === "read" ? job.depth : 0,
    writeBehind: job.operation === "write" && job.depth > 1 ? job.depth : 0,
    recordBytesHint: job.recordBytes,
  });
  try {
    await drive.rewind();
    const start = performance.now();
    await (job.operation === "read" ? readRecords : writeRecords)(drive, job);
    return report(job, (performance.now() - start) / 1000);
  } finally {
    await drive.close();
  }
}

console.log(await measure(parseJob(process.argv.slice(2))));
