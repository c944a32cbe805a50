import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** Where a process in the background puts down its own number, in its folder. */
export const PID_FILE = "daemon.pid";

/** The prefix that all have, the process that made it, and what makes it unique. */
const NAME = /^tape-[a-z-]+\.(\d+)\.\w{6}$/;

/** A fresh directory, in memory where the system has such a place. */
export function makeTempDir(prefix: `tape-${string}`): string {
  const place = isWritable("/dev/shm") ? "/dev/shm" : tmpdir();
  removeOrphans(place);
  return mkdtempSync(join(place, `${prefix}.${process.pid}.`));
}

/** Removes what {@link makeTempDir} made, with all that is in it. */
export function removeTempDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Runs `use` with a fresh directory, which goes away whatever happens; resolves to what `use` does. */
export async function withTempDir<R>(use: (path: string) => Promise<R>): Promise<R> {
  const path = makeTempDir("tape-interop");
  try {
    return await use(path);
  } finally {
    removeTempDir(path);
  }
}

/** A run that was killed leaves its directories behind, and what it had started in them. */
function removeOrphans(place: string): void {
  for (const name of readdirSync(place)) {
    const [, owner] = NAME.exec(name) ?? [];
    if (owner === undefined || isRunning(owner)) continue;
    endDaemon(join(place, name));
    removeTempDir(join(place, name));
  }
}

function isRunning(pid: string): boolean {
  return !existsSync("/proc/self") || existsSync(`/proc/${pid}`);
}

/** Ends the process that was started in this directory, if its number has not become another's. */
function endDaemon(dir: string): void {
  try {
    const pid = readFileSync(join(dir, PID_FILE), "utf8").trim();
    const surroundings = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    if (surroundings.includes(`DAEMON_DIR=${dir}`)) process.kill(Number(pid), "SIGKILL");
  } catch {
    // None was started, or it has ended by itself.
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
