/**
 * What write-behind hides of a long path.
 *
 * @module
 */

import { withDelay } from "../../tests/interop/harness/delay_proxy.ts";
import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { withTarget } from "../../tests/interop/harness/target.ts";
import { contest } from "../contestants.ts";
import { ratio } from "../figures.ts";
import type { Part, PartOptions } from "../part.ts";
import type { ThroughputJob } from "../throughput_job.ts";

const RECORD_BYTES = 262144;
const DEPTHS = [1, 4, 16];
const DELAY_MS = 2.5;
const RECORDS_PER_LANE = 60;

/** Write throughput over a round trip of 5 ms. */
export const delayedWrites: Part = {
  name: "delayed-writes",
  about: "writes over a round trip of 5 ms by depth",
  measure: async (options) => {
    const rates: (number | undefined)[] = [];
    for (const depth of DEPTHS) rates.push(await writeRate(depth, options));
    const rows = DEPTHS.map((depth, index) => [
      depth === 1 ? "one at a time" : `${depth} in flight`,
      rates[index]?.toFixed(0) ?? "-",
      ratio(rates[index], rates[0]),
    ]);
    return {
      title: "Writes over a long path",
      about: "Writes to istgt on Deno over a round trip of 5 ms, records of 256 KiB.",
      table: { columns: ["Writes", "MB/s", "of one at a time"], rows },
    };
  },
};

function writeRate(
  depth: number,
  { rounds, say, workshop }: PartOptions,
): Promise<number | undefined> {
  return withTarget(startIstgt(), (target) =>
    withDelay(target, DELAY_MS, async (url) => {
      say(`writes, depth ${depth}`);
      const job: ThroughputJob = {
        url,
        operation: "write",
        recordBytes: RECORD_BYTES,
        count: depth * RECORDS_PER_LANE,
        depth,
      };
      const [run] = await contest([workshop.deno], job, { rounds, say });
      return run?.megabytesPerSecond;
    }));
}
