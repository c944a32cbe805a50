/**
 * Copies of the tree that mutations are tried in.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ROOT = new URL("../..", import.meta.url).pathname;

/** A copy of all files that are under version control, as they are now. */
function copyOfTree(): string {
  const copy = mkdtempSync(join(tmpdir(), "tape-mutations-"));
  const listing = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  for (const file of listing.split("\0")) {
    if (file !== "") cpSync(join(ROOT, file), join(copy, file));
  }
  return copy;
}

/** Hands out a copy of the tree for each processor, which are gone afterwards. */
export async function withCopies(use: (copies: readonly string[]) => Promise<void>): Promise<void> {
  const copies = Array.from({ length: navigator.hardwareConcurrency }, copyOfTree);
  const remove = () => copies.forEach((copy) => rmSync(copy, { recursive: true, force: true }));
  const interrupted = () => {
    remove();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    await use(copies);
  } finally {
    Deno.removeSignalListener("SIGINT", interrupted);
    remove();
  }
}

/** Has every job done in one of the copies, each of which does one at a time. */
export async function workOff<Job>(
  copies: readonly string[],
  jobs: readonly Job[],
  work: (copy: string, job: Job) => Promise<void>,
): Promise<void> {
  const queue = [...jobs];
  await Promise.all(copies.map(async (copy) => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) await work(copy, job);
  }));
}
