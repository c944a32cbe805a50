/**
 * How depth hides round trips: a sweep over delay and depth, ours beside libiscsi.
 *
 * @module
 */

import { withDelay } from "../../tests/interop/harness/delay_proxy.ts";
import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { type Target, withTarget } from "../../tests/interop/harness/target.ts";
import { contest } from "../contestants.ts";
import type { Panel, Part, PartOptions, Section } from "../part.ts";

const RECORD_BYTES = 262144;
const DEPTHS = [1, 2, 4, 8, 16, 32];
/** Each way; a round trip takes twice as long. */
const DELAYS_MS = [0, 0.5, 1, 2.5, 5];
const RECORDS_ON_TAPE = 1200;
/** What a run should take about where round trips limit it. */
const RUN_MS = 600;

/** Rates by depth: ours, then libiscsi's. */
type Rates = readonly (readonly (number | undefined)[])[];

/** Read throughput by round trip and depth. */
export const roundTrips: Part = {
  name: "round-trips",
  about: "reads over a delayed path by depth, beside libiscsi",
  measure: async (options) => {
    const { workshop, say } = options;
    const byDelay: Rates[] = [];
    await withTarget(startIstgt(), async (target) => {
      const job = { url: target.url, recordBytes: RECORD_BYTES, count: RECORDS_ON_TAPE };
      await workshop.writeTape(job, say);
      for (const delayMs of DELAYS_MS) byDelay.push(await sweep(target, delayMs, options));
    });
    return section(byDelay);
  },
};

async function sweep(
  target: Target,
  delayMs: number,
  { rounds, say, workshop }: PartOptions,
): Promise<Rates> {
  const contestants = [workshop.deno, await workshop.libiscsi()];
  return await withDelay(target, delayMs, async (url) => {
    const rates: (number | undefined)[][] = [];
    for (const depth of DEPTHS) {
      say(`round trip of ${2 * delayMs} ms, depth ${depth}`);
      const count = recordCount(delayMs, depth);
      const job = { url, operation: "read", recordBytes: RECORD_BYTES, count, depth } as const;
      const runs = await contest(contestants, job, { rounds, say });
      rates.push(runs.map((run) => run?.megabytesPerSecond));
    }
    return rates;
  });
}

/** Enough for about {@link RUN_MS}, but no more than there are. */
function recordCount(delayMs: number, depth: number): number {
  const roundTripMs = 2 * delayMs + 0.3;
  return Math.min(RECORDS_ON_TAPE, Math.ceil(depth * RUN_MS / roundTripMs));
}

function section(byDelay: readonly Rates[]): Section {
  const cell = (rate: number | undefined) => rate?.toFixed(0) ?? "-";
  const rows = byDelay.map((rates, index) => [
    `${2 * DELAYS_MS[index]} ms`,
    ...rates.map((pair) => pair.map(cell).join(" / ")),
  ]);
  return {
    title: "Round trips",
    about: "Reads of istgt through a proxy that holds every byte for half a round trip in each " +
      "direction; records of 256 KiB; MB/s, **ours / libiscsi**, by commands in flight. The proxy " +
      "copies everything once more, so the line of 0 ms is below that of the bare target.",
    table: { columns: ["Round trip", ...DEPTHS.map((depth) => `depth ${depth}`)], rows },
    plot: {
      file: "round_trips.svg",
      description: "MB/s over the round trip, one line a depth: ours on the left, libiscsi right",
      xLabel: "round trip, ms",
      yLabel: "MB/s",
      panels: [panel("@uiscsi/tape on Deno", byDelay, 0), panel("libiscsi", byDelay, 1)],
    },
  };
}

function panel(title: string, byDelay: readonly Rates[], contestant: number): Panel {
  const series = DEPTHS.map((depth, index) => ({
    name: `depth ${depth}`,
    points: byDelay.flatMap((rates, delay): [number, number][] => {
      const rate = rates[index][contestant];
      return rate === undefined ? [] : [[2 * DELAYS_MS[delay], rate]];
    }),
  }));
  return { title, series };
}
