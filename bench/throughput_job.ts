/**
 * One run of `tape_throughput.ts` or of the program that does the same with libiscsi, and the line that it prints.
 *
 * @module
 */

/** What a run does. */
export interface ThroughputJob {
  readonly url: string;
  readonly operation: "read" | "write";
  readonly recordBytes: number;
  readonly count: number;
  /** Commands in flight. */
  readonly depth: number;
}

/** What a run took. */
export interface Throughput {
  readonly megabytesPerSecond: number;
  /** CPU of the whole process, its start included, for 10^9 bytes. */
  readonly cpuSecondsPerGigabyte: number;
  /** The most memory it held, in MB (10^6 bytes). */
  readonly megabytesHeld: number;
}

/** The arguments of a run. */
export function jobArguments(job: ThroughputJob): string[] {
  return [job.url, job.operation, `${job.recordBytes}`, `${job.count}`, `${job.depth}`];
}

const LINE = /MB\/s=([0-9.]+).*cpu_s\/GB=([0-9.]+).*rss=([0-9.]+)MB/;

/** Reads the line of a run; `undefined` when there is none. */
export function parseThroughput(output: string): Throughput | undefined {
  const found = LINE.exec(output);
  if (found === null) return undefined;
  const [megabytesPerSecond, cpuSecondsPerGigabyte, megabytesHeld] = found.slice(1).map(Number);
  return { megabytesPerSecond, cpuSecondsPerGigabyte, megabytesHeld };
}
