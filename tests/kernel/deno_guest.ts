import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildGuest, GUEST_DIR, SCRIPTS } from "../interop/harness/linux_guest.ts";
import { requirePrograms } from "../interop/harness/programs.ts";
import { type CommandOutput, ROOT, runProgram } from "../interop/harness/tape_command.ts";

/** The guest with Deno in it: as much again as Deno takes unpacked, twice while it is unpacked. */
export const DENO_GUEST_DIR: string = `${GUEST_DIR}-deno-${Deno.version.deno}`;

/** What boots it. */
export const BOOT: string = `${SCRIPTS}boot.sh`;

/** For processes that boot it. */
export const DENO_GUEST_ENV: Readonly<Record<string, string>> = { GUEST_MB: "1536" };

const JOBS = `${ROOT}tests/kernel/guest/`;

/** Builds the guest, unless that was done before. */
export async function buildDenoGuest(): Promise<void> {
  await buildGuest();
  if (existsSync(join(DENO_GUEST_DIR, "initrd"))) return;
  requirePrograms("qemu-system-x86_64", "cpio");
  const unfinished = `${DENO_GUEST_DIR}.${crypto.randomUUID()}`;
  const script = `${JOBS}add_deno.sh`;
  mustBeDone(await runProgram(script, [GUEST_DIR, Deno.execPath(), unfinished]), script);
  rmSync(DENO_GUEST_DIR, { recursive: true, force: true });
  renameSync(unfinished, DENO_GUEST_DIR);
}

/** Puts the job, and each program with all that it imports in one file, into the folder that the guest sees as /job. */
export async function fillJob(
  dir: string,
  job: string,
  programs: readonly string[],
): Promise<void> {
  for (const script of ["tcmu.sh", job]) copyFileSync(`${JOBS}${script}`, join(dir, script));
  for (const program of programs) {
    const name = program === "tcmu/main.ts" ? "tcmu" : /([^/]+)\.ts$/.exec(program)![1];
    const args = ["bundle", "--platform", "deno", "-o", join(dir, `${name}.js`), program];
    mustBeDone(await runProgram(Deno.execPath(), args, { cwd: ROOT }), program);
  }
}

function mustBeDone({ code, stderr }: CommandOutput, what: string): void {
  if (code !== 0) throw new Error(`Cannot make the guest, at ${what}: ${stderr}`);
}
