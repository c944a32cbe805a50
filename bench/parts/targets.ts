/**
 * Real targets: ours on every runtime, and libiscsi, in turns.
 *
 * @module
 */

import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { type Target, withTarget } from "../../tests/interop/harness/target.ts";
import { startTgt } from "../../tests/interop/harness/tgt.ts";
import { contest, type Contestant } from "../contestants.ts";
import { ratio } from "../figures.ts";
import type { Part, PartOptions } from "../part.ts";
import type { Throughput } from "../throughput_job.ts";

/** What each run moves: so much that the start of a process is a small part of it. */
const RUN_BYTES = 2 ** 32;
/** Less with digests, where the target itself takes its time. */
const DIGESTED_BYTES = 2 ** 29;

/** Work that all contestants do. */
interface Task {
  readonly title: string;
  readonly operation: "read" | "write";
  readonly recordBytes: number;
  readonly depth: number;
  /** Asks for CRC32C over headers and data, which libiscsi cannot. @default false */
  readonly digests?: boolean;
}

const READ_64: Task = {
  title: "read 64 KiB, 8 ahead",
  operation: "read",
  recordBytes: 65536,
  depth: 8,
};
const READ_256: Task = {
  title: "read 256 KiB, 4 ahead",
  operation: "read",
  recordBytes: 262144,
  depth: 4,
};
const WRITE_256: Task = {
  title: "write 256 KiB, one at a time",
  operation: "write",
  recordBytes: 262144,
  depth: 1,
};

const PLACES: readonly [name: string, start: () => Promise<Target>, tasks: readonly Task[]][] = [
  ["istgt", startIstgt, [
    READ_256,
    { ...READ_256, title: `${READ_256.title}, CRC32C`, digests: true },
    WRITE_256,
    { ...WRITE_256, title: "write 256 KiB, 4 in flight", depth: 4 },
    READ_64,
    { ...WRITE_256, title: "write 64 KiB, one at a time", recordBytes: 65536 },
  ]],
  ["tgt", () => startTgt({ sizeMb: 4608 }), [WRITE_256, READ_256]],
];

const FIGURES: readonly [name: string, of: (run: Throughput) => number, digits: number][] = [
  ["MB/s", (run) => run.megabytesPerSecond, 0],
  ["CPU s/GB", (run) => run.cpuSecondsPerGigabyte, 2],
  ["memory, MB", (run) => run.megabytesHeld, 0],
];

/** Throughput, CPU and memory on real targets. */
export const targets: Part = {
  name: "targets",
  about: "istgt and tgt: Deno, Node and Bun beside libiscsi",
  measure: async (options) => {
    const ours = await options.workshop.ours();
    const libiscsi = await options.workshop.libiscsi();
    const rows: string[][] = [];
    for (const [name, start, tasks] of PLACES) {
      for (const task of tasks) {
        const contestants = task.digests ? ours : [...ours, libiscsi];
        const runs = await onFreshTape(start, task, contestants, options);
        rows.push(...taskRows(`${name}: ${task.title}`, runs, ours.length));
      }
    }
    const names = ours.map(({ name }) => name);
    return {
      title: "Real targets",
      about:
        "4.3 GB each, 0.5 with digests, on loopback, by processes of their own in turns; a ratio of MB/s " +
        "above 1, of CPU and memory below 1, means that ours on Deno is ahead. CPU and memory are " +
        "those of the whole process, its start included. `CRC32C` has both digests on, which " +
        "libiscsi cannot; istgt's own CRC limits its rate, so look at its CPU. A dash is a run that failed.",
      table: { columns: ["Work", "", ...names, "libiscsi", "Deno / libiscsi"], rows },
    };
  },
};

/** A tape of its own for each task: what was there before does not count. */
function onFreshTape(
  start: () => Promise<Target>,
  task: Task,
  contestants: readonly Contestant[],
  { rounds, say, workshop }: PartOptions,
): Promise<(Throughput | undefined)[]> {
  return withTarget(start(), async ({ url }) => {
    say(`${task.title}: ${url}`);
    const { operation, recordBytes, depth, digests = false } = task;
    const count = (digests ? DIGESTED_BYTES : RUN_BYTES) / recordBytes;
    const job = { url, operation, recordBytes, depth, count };
    if (operation === "read") await workshop.writeTape(job, say);
    const asked = digests ? `${url}?header_digest=crc32c&data_digest=crc32c` : url;
    return await contest(contestants, { ...job, url: asked }, { rounds, say });
  });
}

function taskRows(
  title: string,
  runs: readonly (Throughput | undefined)[],
  ourCount: number,
): string[][] {
  return FIGURES.map(([figure, of, digits], index) => {
    const cell = (run: Throughput | undefined) => run === undefined ? "-" : of(run).toFixed(digits);
    const [deno, libiscsi] = [runs[0], runs.at(ourCount)].map((run) => run && of(run));
    return [
      index === 0 ? title : "",
      figure,
      ...runs.slice(0, ourCount).map(cell),
      cell(runs.at(ourCount)),
      ratio(deno, libiscsi),
    ];
  });
}
