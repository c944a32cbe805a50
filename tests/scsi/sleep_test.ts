/** Waiting by a timer, which takes any number of 32 bits, and one beyond those for no time at all. */

import assert from "node:assert/strict";
import { sleep } from "../../scsi/sleep.ts";

/** The milliseconds that a timer is set to, which ends at once here. */
async function delayOf(ms: number): Promise<number> {
  const { setTimeout } = globalThis;
  const delays: number[] = [];
  globalThis.setTimeout = ((callback: () => void, delayMs: number) => {
    delays.push(delayMs);
    return setTimeout(callback, 0);
  }) as typeof setTimeout;
  try {
    await sleep(ms);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert.equal(delays.length, 1);
  return delays[0];
}

Deno.test("a time that no timer takes is not over at once", async () => {
  for (const ms of [Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31]) {
    assert.equal(await delayOf(ms), 2 ** 31 - 1);
  }
  assert.equal(await delayOf(1000), 1000);
});
