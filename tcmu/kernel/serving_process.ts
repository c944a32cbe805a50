/**
 * Which process serves a device: the one that has its UIO device open, as the kernel lets in one at a time.
 *
 * @module
 */

import type { Backstore } from "./backstore.ts";
import type { KernelFiles } from "./kernel_files.ts";

const PROCESSES = "/proc";

/** Its number; undefined when there is none. */
export async function serverOf(
  files: KernelFiles,
  backstore: Backstore,
): Promise<number | undefined> {
  const uio = await backstore.uio();
  if (uio === undefined) return undefined;
  for (const process of await files.list(PROCESSES)) {
    if (!/^\d+$/.test(process)) continue;
    if (await hasOpen(files, `${PROCESSES}/${process}/fd`, uio.path)) return Number(process);
  }
  return undefined;
}

async function hasOpen(files: KernelFiles, folder: string, path: string): Promise<boolean> {
  // A process may end, or belong to somebody else, while it is looked at.
  const descriptors = await files.list(folder).catch(() => []);
  for (const descriptor of descriptors) {
    if (await files.linkTarget(`${folder}/${descriptor}`) === path) return true;
  }
  return false;
}
