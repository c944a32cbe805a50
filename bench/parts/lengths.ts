/**
 * How the cost grows with the length of the tape file.
 *
 * @module
 */

import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { withTarget } from "../../tests/interop/harness/target.ts";
import { contest } from "../contestants.ts";
import type { Part } from "../part.ts";

const RECORD_BYTES = 262144;
const COUNTS = [500, 2000, 8000];
const DEPTH = 4;

/** Read throughput, CPU and memory by number of records. */
export const lengths: Part = {
  name: "lengths",
  about: "reads of istgt by number of records",
  measure: async ({ rounds, workshop, say }) => {
    const rows: string[][] = [];
    for (const count of COUNTS) {
      say(`${count} records`);
      await withTarget(startIstgt(), async ({ url }) => {
        const job = {
          url,
          operation: "read",
          recordBytes: RECORD_BYTES,
          count,
          depth: DEPTH,
        } as const;
        await workshop.writeTape(job, say);
        const [run] = await contest([workshop.deno], job, { rounds, say });
        rows.push([
          `${count}`,
          (count * RECORD_BYTES / 1e9).toFixed(2),
          run?.megabytesPerSecond.toFixed(0) ?? "-",
          run?.cpuSecondsPerGigabyte.toFixed(2) ?? "-",
          run?.megabytesHeld.toFixed(0) ?? "-",
        ]);
      });
    }
    return {
      title: "File length",
      about:
        "Reads of istgt on Deno, records of 256 KiB, 4 ahead. CPU has the start of the process.",
      table: { columns: ["Records", "GB", "MB/s", "CPU s/GB", "memory, MB"], rows },
    };
  },
};
