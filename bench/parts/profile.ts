/**
 * Where the time of a record goes: a CPU profile of the reading and of the writing process.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startIstgt } from "../../tests/interop/harness/istgt.ts";
import { ROOT, runProgram } from "../../tests/interop/harness/tape_command.ts";
import { withTarget } from "../../tests/interop/harness/target.ts";
import { withTempDir } from "../../tests/interop/harness/temp_dir.ts";
import { microsecondsByOwner } from "../cpu_profile.ts";
import type { Part } from "../part.ts";
import { jobArguments, type ThroughputJob } from "../throughput_job.ts";

const RECORD_BYTES = 262144;
const COUNT = 8000;
const WORK = [["read", 4], ["write", 1]] as const;

/** Time of the main thread by whose code it is. */
export const profile: Part = {
  name: "profile",
  about: "where the time of a record goes, on istgt",
  measure: async ({ workshop, say }) => {
    const profiles: Map<string, number>[] = [];
    await withTarget(startIstgt(), async ({ url }) => {
      const job = { url, recordBytes: RECORD_BYTES, count: COUNT };
      await workshop.writeTape(job, say);
      for (const [operation, depth] of WORK) {
        say(`profile of a ${operation}`);
        profiles.push(await profiled({ ...job, operation, depth }));
      }
    });
    const owners = [...profiles[0].keys()];
    const perRecord = (owner: string) =>
      profiles.map((sums) => ((sums.get(owner) ?? 0) / COUNT).toFixed(1));
    return {
      title: "Profile",
      isOneRun: true,
      about: "Microseconds of the main thread for each of 8000 records of 256 KiB to and from " +
        "istgt on Deno, by `deno run --cpu-prof`. It samples by the wall clock: the profiler and whoever else uses the machine cost some too.",
      table: {
        columns: ["Whose code", "read, 4 ahead", "write, one at a time"],
        rows: owners.map((owner) => [owner, ...perRecord(owner)]),
      },
    };
  },
};

function profiled(job: ThroughputJob): Promise<Map<string, number>> {
  return withTempDir(async (dir) => {
    const flags = ["run", "-A", "--frozen", "--cpu-prof", `--cpu-prof-dir=${dir}`];
    const program = `${ROOT}bench/tape_throughput.ts`;
    const run = await runProgram(Deno.execPath(), [...flags, program, ...jobArguments(job)]);
    const name = readdirSync(dir).find((file) => file.endsWith(".cpuprofile"));
    if (run.code !== 0 || name === undefined) {
      throw new Error(`Cannot measure: --cpu-prof: ${run.stderr}`);
    }
    const root = new URL(ROOT, "file:///").href;
    return microsecondsByOwner(JSON.parse(readFileSync(join(dir, name), "utf8")), root);
  });
}
