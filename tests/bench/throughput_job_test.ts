import assert from "node:assert/strict";
import { parseThroughput } from "../../bench/throughput_job.ts";

Deno.test("parseThroughput() reads the line that each program prints", () => {
  const line = "ours read rec=262144 depth=4 MB=1049 wall=0.625 MB/s=1677 cpu=0.713 " +
    "cpu_s/GB=0.680 rss=145MB\n";
  assert.deepEqual(parseThroughput(line), {
    megabytesPerSecond: 1677,
    cpuSecondsPerGigabyte: 0.68,
    megabytesHeld: 145,
  });
});

Deno.test("parseThroughput() answers nothing to a program that failed", () => {
  assert.equal(parseThroughput("Cannot measure: rewind: the drive refuses it"), undefined);
});
