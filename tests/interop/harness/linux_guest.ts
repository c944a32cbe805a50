import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requirePrograms } from "./programs.ts";
import { type CommandOutput, ROOT, runProgram } from "./tape_command.ts";
import { makeTempDir, removeTempDir } from "./temp_dir.ts";

/** The scripts of the guest. */
export const SCRIPTS: string = `${ROOT}tests/interop/linux_guest/`;

/** Where the guest is kept from one run to the next, until the script that builds it changes. */
export const GUEST_DIR: string = join(
  tmpdir(),
  `uiscsi-tape-linux-guest-${fingerprint(`${SCRIPTS}build.sh`)}`,
);

/** A target that listens on this machine's loopback. */
export interface GuestTarget {
  readonly port: number;
  readonly iqn: string;
}

/** Options of {@link runInLinuxGuest}. */
export interface GuestOptions {
  /** How open-iscsi is to log in: settings of its node record and their values. @default its own */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Boots a Linux guest in QEMU, logs its kernel's initiator in to the target, and runs the shell script `job`, a path
 * below this repository's tests/interop/linux_guest/, there with `$TAPE`, `$SG` and `$CHANGER` set. The exit status is
 * the number of failures; stdout is the guest's console.
 */
export async function runInLinuxGuest(
  target: GuestTarget,
  job: string,
  { settings = {} }: GuestOptions = {},
): Promise<CommandOutput> {
  requirePrograms("qemu-system-x86_64");
  await buildGuest();
  const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const dir = makeTempDir("tape-interop-guest");
  try {
    copyFileSync(`${SCRIPTS}${job}`, join(dir, "job.sh"));
    copyFileSync(`${SCRIPTS}login.sh`, join(dir, "login.sh"));
    writeFileSync(
      join(dir, "run.sh"),
      `PORT=${target.port} IQN=${target.iqn} SETTINGS="${words.join(" ")}"\n. /job/login.sh\n`,
    );
    const output = await runProgram(`${SCRIPTS}boot.sh`, [GUEST_DIR, dir], { limitMs: 240_000 });
    const status = /^GUEST-EXIT (\d+)/m.exec(output.stdout);
    return { ...output, code: status === null ? -1 : Number(status[1]) };
  } finally {
    removeTempDir(dir);
  }
}

/** Builds the guest, unless that was done before. */
export async function buildGuest(): Promise<void> {
  if (existsSync(join(GUEST_DIR, "initrd"))) return;
  requirePrograms("apt-get", "dpkg-deb", "cpio", "xz");
  const unfinished = `${GUEST_DIR}.${crypto.randomUUID()}`;
  const { code, stderr } = await runProgram(`${SCRIPTS}build.sh`, [unfinished], {
    limitMs: 300_000,
  });
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`Cannot build the Linux guest: ${stderr}`);
  }
  rmSync(GUEST_DIR, { recursive: true, force: true });
  renameSync(unfinished, GUEST_DIR);
}

function fingerprint(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex").slice(0, 12);
}
