/**
 * How much memory this process has held at most.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";

const HIGH_WATER = /^VmHWM:\s+(\d+) kB$/m;

/**
 * The most memory that this process held at a time, in bytes. On Linux it is the kernel's own figure, because what
 * `getrusage` gives there begins with the size of the process that started this one.
 */
export function mostMemory(): number {
  if (process.platform === "linux") {
    const found = HIGH_WATER.exec(readFileSync("/proc/self/status", "utf8"));
    if (found !== null) return Number(found[1]) * 1024;
  }
  return process.resourceUsage().maxRSS * 1024;
}
