import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh directory, in memory where the system has such a place. */
export function makeTempDir(prefix: string): string {
  return mkdtempSync(join(isWritable("/dev/shm") ? "/dev/shm" : tmpdir(), `${prefix}.`));
}

/** Removes what {@link makeTempDir} made, with all that is in it. */
export function removeTempDir(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Runs `use` with a fresh directory, which goes away whatever happens. */
export async function withTempDir(use: (path: string) => Promise<void>): Promise<void> {
  const path = makeTempDir("tape-interop");
  try {
    await use(path);
  } finally {
    removeTempDir(path);
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
