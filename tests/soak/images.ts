/** Images for as long as it takes: `deno task soak:images [--records N] [--bytes N] [--kills N] [--seed N]`. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { soakKilledServer } from "./killed_server.ts";
import { soakLargeImage } from "./large_image.ts";
import { randomNumbers } from "./random_numbers.ts";

/** Beyond the index, 24 bytes an object and twice that while it grows. */
const SLACK_BYTES = 16 * 1024 * 1024;
const OBJECT_BYTES = 48;
const WALK_SECONDS = 60;
const INDEX_SECONDS = 2;

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    bytes: { type: "string", default: "20000" },
    kills: { type: "string", default: "100" },
    seed: { type: "string" },
  },
});
const seed = values.seed === undefined ? Date.now() >>> 0 : Number(values.seed) >>> 0;
const folder = mkdtempSync(join(tmpdir(), "tape-soak-images-"));
try {
  if (Number(values.records) > 0) large(Number(values.records), Number(values.bytes));
  if (Number(values.kills) > 0) await killed(Number(values.kills));
} finally {
  rmSync(folder, { recursive: true });
}

function large(records: number, bytes: number): void {
  const report = soakLargeImage(join(folder, "large.tap"), records, bytes);
  const { objects, walkSeconds, indexSeconds, openBytes, leftBytes } = report;
  console.log(
    `${objects} objects, ${(records * bytes / 1e9).toFixed(1)} GB: opens in ` +
      `${walkSeconds.toFixed(2)} s, with its index in ${indexSeconds.toFixed(2)} s; ` +
      `${(openBytes / 2 ** 20).toFixed(1)} MiB while open, ${
        (leftBytes / 2 ** 20).toFixed(1)
      } after`,
  );
  if (walkSeconds > WALK_SECONDS || indexSeconds > INDEX_SECONDS) fail("too slow");
  if (openBytes > SLACK_BYTES + objects * OBJECT_BYTES || leftBytes > SLACK_BYTES) {
    fail("too much memory");
  }
}

async function killed(rounds: number): Promise<void> {
  console.log(`kills with seed ${seed}`);
  const report = await soakKilledServer(join(folder, "killed.tap"), rounds, randomNumbers(seed));
  console.log(
    `killed ${report.rounds} times: all that was acknowledged is there, of ${report.objects} ` +
      `objects; ${report.unacknowledged} were there without`,
  );
}

function fail(what: string): void {
  console.log(`FAILED: ${what}`);
  Deno.exitCode = 1;
}
