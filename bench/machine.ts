/**
 * What the figures were taken on.
 *
 * @module
 */

import { cpus, loadavg, totalmem } from "node:os";

/** Processor, cores, memory. */
export function machineName(): string {
  const [first] = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${first?.model.trim() ?? "unknown processor"}, ${cpus().length} cores, ${gigabytes} GB`;
}

/** How many processes wanted a processor during the last minute, on average. */
export function load(): number {
  return loadavg()[0];
}
