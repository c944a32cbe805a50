/**
 * Memory over time, while 10,000 records of 1 MiB are read.
 *
 * @module
 */

import { join } from "node:path";
import { ROOT, runProgram } from "../../tests/interop/harness/tape_command.ts";
import { TapeServer } from "../../tests/interop/harness/tape_server.ts";
import { withTempDir } from "../../tests/interop/harness/temp_dir.ts";
import type { Part, Series } from "../part.ts";

const DEPTHS = [4, 16];
const LINE = /rounds=([0-9,]+) allowed=(\d+)MB growth=(-?\d+)MB/;
const RECORDS_PER_ROUND = 500;

/** What `record_memory.ts` said. */
interface Held {
  readonly depth: number;
  /** The most in each round, in MB. */
  readonly rounds: readonly number[];
  readonly allowed: string;
  readonly growth: string;
}

/** Resident memory of the process that reads. */
export const memory: Part = {
  name: "memory",
  about: "resident memory over 10,000 records of 1 MiB",
  measure: async ({ say }) => {
    const found: Held[] = [];
    for (const depth of DEPTHS) {
      say(`memory, depth ${depth}`);
      found.push(await readAll(depth));
    }
    return {
      title: "Memory",
      isOneRun: true,
      about: "`record_memory.ts` on Deno: 10,000 records of 1 MiB with " +
        "`records({ reuse: true })` from `tape serve` in a process of its own. Allowed are 100 MB and the records that are read " +
        "ahead; growth is the second half's most over that of the first.",
      table: {
        columns: ["Depth", "most held, MB", "allowed, MB", "growth, MB"],
        rows: found.map(({ depth, rounds, allowed, growth }) => [
          `${depth}`,
          `${Math.max(...rounds)}`,
          allowed,
          growth,
        ]),
      },
      plot: {
        file: "memory.svg",
        description: "Resident memory over the records read, one line a depth",
        xLabel: "records of 1 MiB",
        yLabel: "MB",
        panels: [{ title: "Resident memory", series: found.map(line) }],
      },
    };
  },
};

async function readAll(depth: number): Promise<Held> {
  const output = await withTempDir(async (dir) => {
    const server = await TapeServer.start(["--media", join(dir, "memory.tap")]);
    try {
      const args = ["run", "-A", "--frozen", `${ROOT}bench/record_memory.ts`];
      const run = await runProgram(Deno.execPath(), [...args, server.url, `${depth}`]);
      return run.stdout + run.stderr;
    } finally {
      await server.stop();
    }
  });
  const match = LINE.exec(output);
  if (match === null) throw new Error(`Cannot measure: record_memory.ts: ${output}`);
  const [, rounds, allowed, growth] = match;
  return { depth, rounds: rounds.split(",").map(Number), allowed, growth };
}

function line({ depth, rounds }: Held): Series {
  return {
    name: `depth ${depth}`,
    points: rounds.map((held, round) => [(round + 1) * RECORDS_PER_ROUND, held] as const),
  };
}
