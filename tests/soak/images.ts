/** Images for as long as it takes: `deno task soak:images [--records N] [--bytes N] [--kills N] [--seed N]`. */

import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MAX_RECORD_BYTES } from "../../sim/images/simh_tap.ts";
import { countOption, seedOption, taskOptions } from "../../tools/task_options.ts";
import { soakKilledServer } from "./killed_server.ts";
import { soakLargeImage } from "./large_image.ts";
import { randomNumbers } from "./random_numbers.ts";

/** Beyond the index, 24 bytes an object and twice that while it grows. */
const SLACK_BYTES = 16 * 1024 * 1024;
const OBJECT_BYTES = 48;
const WALK_SECONDS = 60;
const INDEX_SECONDS = 2;

const { records, bytes, kills, seed } = taskOptions(
  "soak:images",
  object({
    records: countOption("--records", {
      byDefault: 1_000_000,
      about: message`Of the large image; 0 leaves it out.`,
    }),
    bytes: countOption("--bytes", {
      min: 1,
      max: MAX_RECORD_BYTES,
      byDefault: 20_000,
      about: message`Of each record.`,
    }),
    kills: countOption("--kills", {
      byDefault: 100,
      about: message`Of servers that write; 0 leaves them out.`,
    }),
    seed: seedOption,
  }),
);
const folder = mkdtempSync(join(tmpdir(), "tape-soak-images-"));
try {
  if (records > 0) large();
  if (kills > 0) await killed();
} finally {
  rmSync(folder, { recursive: true });
}

function large(): void {
  const report = soakLargeImage(join(folder, "large.tap"), records, bytes);
  const { objects, walkSeconds, indexSeconds, openBytes, leftBytes } = report;
  const index = indexSeconds === undefined
    ? "too few for an index"
    : `with its index in ${indexSeconds.toFixed(2)} s`;
  console.log(
    `${objects} objects, ${(records * bytes / 1e9).toFixed(1)} GB: opens in ` +
      `${walkSeconds.toFixed(2)} s, ${index}; ` +
      `${(openBytes / 2 ** 20).toFixed(1)} MiB while open, ${
        (leftBytes / 2 ** 20).toFixed(1)
      } after`,
  );
  if (walkSeconds > WALK_SECONDS || (indexSeconds ?? 0) > INDEX_SECONDS) fail("too slow");
  if (openBytes > SLACK_BYTES + objects * OBJECT_BYTES || leftBytes > SLACK_BYTES) {
    fail("too much memory");
  }
}

async function killed(): Promise<void> {
  console.log(`kills with seed ${seed}`);
  const report = await soakKilledServer(join(folder, "killed.tap"), kills, randomNumbers(seed));
  console.log(
    `killed ${report.rounds} times: all that was acknowledged is there, of ${report.objects} ` +
      `objects; ${report.unacknowledged} were there without`,
  );
}

function fail(what: string): void {
  console.log(`FAILED: ${what}`);
  Deno.exitCode = 1;
}
