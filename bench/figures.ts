/**
 * Figures: medians, rates of short work, and how they are written.
 *
 * @module
 */

/** The middle of some numbers; the mean of the two middle ones when their count is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const ROUND_SECONDS = 0.25;

/**
 * How many seconds one of many calls takes: the median over `rounds` of a quarter of a second each, after a first one
 * for the compiler. `work` makes as many calls as it is told.
 */
export async function secondsPerCall(
  rounds: number,
  work: (calls: number) => void | Promise<void>,
): Promise<number> {
  let calls = 1;
  const time = async () => {
    const start = performance.now();
    await work(calls);
    return (performance.now() - start) / 1000;
  };
  for (let took = await time(); took < ROUND_SECONDS; took = await time()) {
    calls = Math.ceil(calls * Math.min(10, 1.1 * ROUND_SECONDS / Math.max(took, 1e-6)));
  }
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) taken.push(await time() / calls);
  return median(taken);
}

/** A size as people write it: `256 KiB`. */
export function sizeName(bytes: number): string {
  if (bytes >= 1 << 20) return `${bytes / (1 << 20)} MiB`;
  return bytes >= 1024 ? `${bytes / 1024} KiB` : `${bytes} B`;
}

/** `bytes` in `seconds` as MB/s (10^6 bytes). */
export function megabytesPerSecond(bytes: number, seconds: number): string {
  return (bytes / 1e6 / seconds).toFixed(0);
}

/** A ratio with two digits; a dash where one side is missing. */
export function ratio(ours: number | undefined, theirs: number | undefined): string {
  return ours === undefined || theirs === undefined ? "-" : (ours / theirs).toFixed(2);
}
