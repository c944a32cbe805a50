/**
 * How the cost grows with the record's size.
 *
 * @module
 */

import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { withTarget } from "../../tests/interop/harness/target.ts";
import { contest } from "../contestants.ts";
import { ratio, sizeName } from "../figures.ts";
import type { Part } from "../part.ts";
import type { Throughput } from "../throughput_job.ts";

const RECORD_LENGTHS = [4096, 16384, 65536, 262144, 524288];
const MOST_BYTES = 400e6;
const MOST_RECORDS = 20_000;
const DEPTH = 4;

/** Read throughput and CPU by size of record. */
export const sizes: Part = {
  name: "sizes",
  about: "reads of istgt by record size, beside libiscsi",
  measure: async ({ rounds, workshop, say }) => {
    const contestants = [workshop.deno, await workshop.libiscsi()];
    const rows: string[][] = [];
    for (const recordBytes of RECORD_LENGTHS) {
      say(`records of ${sizeName(recordBytes)}`);
      const count = Math.min(MOST_RECORDS, Math.floor(MOST_BYTES / recordBytes));
      // One command at a time: with more, istgt tears a few in a thousand of its short answers.
      await withTarget(startIstgt({ queueDepth: 1 }), async ({ url }) => {
        const job = { url, operation: "read", recordBytes, count, depth: DEPTH } as const;
        await workshop.writeTape(job, say);
        const [ours, theirs] = await contest(contestants, job, { rounds, say });
        rows.push(sizeRow(recordBytes, ours, theirs));
      });
    }
    return {
      title: "Record size",
      about:
        "Reads of istgt, 4 ahead; CPU of the whole process divided by the records, so that its " +
        "start weighs on the few large ones. istgt refuses to read more than 1 MiB at a time, and so a " +
        "record of that length cannot be told from the beginning of a longer one.",
      table: {
        columns: [
          "Records",
          "ours, MB/s",
          "libiscsi, MB/s",
          "ratio",
          "ours, µs a record",
          "libiscsi, µs a record",
          "ours, CPU µs a record",
          "libiscsi, CPU µs a record",
        ],
        rows,
      },
    };
  },
};

function sizeRow(bytes: number, ours?: Throughput, theirs?: Throughput): string[] {
  const runs = [ours, theirs];
  return [
    sizeName(bytes),
    ...runs.map((run) => run?.megabytesPerSecond.toFixed(0) ?? "-"),
    ratio(ours?.megabytesPerSecond, theirs?.megabytesPerSecond),
    ...runs.map((run) => run === undefined ? "-" : (bytes / run.megabytesPerSecond).toFixed(1)),
    ...runs.map((run) =>
      run === undefined ? "-" : (run.cpuSecondsPerGigabyte * bytes / 1e3).toFixed(1)
    ),
  ];
}
