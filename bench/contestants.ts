/**
 * Programs that do the same work, run in turns.
 *
 * @module
 */

import { runProgram } from "../tests/interop/harness/tape_command.ts";
import { median } from "./figures.ts";
import {
  jobArguments,
  parseThroughput,
  type Throughput,
  type ThroughputJob,
} from "./throughput_job.ts";

/** A program that moves records. */
export interface Contestant {
  readonly name: string;
  /** The program and its first arguments; those of the job follow. */
  readonly command: readonly string[];
}

/** How to run contestants. */
export interface ContestOptions {
  /** How often each runs. */
  readonly rounds: number;
  /** Told why a run failed. */
  readonly say: (line: string) => void;
}

const LIMIT_MS = 60_000;

/**
 * Runs the contestants in turns, another first in each round, and answers the medians in their order; `undefined`
 * for one that failed.
 */
export async function contest(
  contestants: readonly Contestant[],
  job: ThroughputJob,
  { rounds, say }: ContestOptions,
): Promise<(Throughput | undefined)[]> {
  const results = contestants.map((): (Throughput | undefined)[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (turn + round) % contestants.length;
      results[index].push(await runOnce(contestants[index], job, say));
    }
  }
  return results.map(medians);
}

async function runOnce(
  { name, command: [program, ...args] }: Contestant,
  job: ThroughputJob,
  say: (line: string) => void,
): Promise<Throughput | undefined> {
  const run = await runProgram(program, [...args, ...jobArguments(job)], { limitMs: LIMIT_MS });
  const result = run.code === 0 ? parseThroughput(run.stdout) : undefined;
  if (result === undefined) say(`${name}: ${jobArguments(job).join(" ")}: ${run.stderr.trim()}`);
  return result;
}

function medians(runs: readonly (Throughput | undefined)[]): Throughput | undefined {
  const complete = runs.filter((run) => run !== undefined);
  if (complete.length < runs.length) return undefined;
  const of = (figure: keyof Throughput) => median(complete.map((run) => run[figure]));
  return {
    megabytesPerSecond: of("megabytesPerSecond"),
    cpuSecondsPerGigabyte: of("cpuSecondsPerGigabyte"),
    megabytesHeld: of("megabytesHeld"),
  };
}
