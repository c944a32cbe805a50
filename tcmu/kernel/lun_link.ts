/**
 * Where a device is handed on: LUNs of the kernel's fabrics, each a symbolic link in configfs.
 *
 * @module
 */

import { type Backstore, TARGET_FOLDER } from "./backstore.ts";
import type { KernelFiles } from "./kernel_files.ts";

/** A LUN that leads to a device. */
export interface LunLink {
  /** The fabric: `loopback`, `iscsi` and so on. */
  readonly fabric: string;
  /** The target portal group's folder. */
  readonly group: string;
  /** The number of the LUN. */
  readonly lun: number;
  /** The link. */
  readonly path: string;
}

const NO_FABRICS = ["core"];

/** The LUNs that lead to a device, whoever made them. */
export async function lunLinks(files: KernelFiles, { path }: Backstore): Promise<LunLink[]> {
  const wanted = path.slice(TARGET_FOLDER.length);
  const found: LunLink[] = [];
  for (const fabric of await files.list(TARGET_FOLDER)) {
    if (NO_FABRICS.includes(fabric)) continue;
    for (const group of await portalGroups(files, `${TARGET_FOLDER}/${fabric}`)) {
      for (const link of await linksOf(files, group)) {
        if (link.target.endsWith(wanted)) found.push({ fabric, group, ...link });
      }
    }
  }
  return found;
}

/** All LUNs of a target portal group. */
export async function linksOf(
  files: KernelFiles,
  group: string,
): Promise<{ lun: number; path: string; target: string }[]> {
  const found: { lun: number; path: string; target: string }[] = [];
  for (const folder of await files.list(`${group}/lun`)) {
    for (const name of await files.list(`${group}/lun/${folder}`)) {
      const path = `${group}/lun/${folder}/${name}`;
      const target = await files.linkTarget(path);
      if (target !== undefined) found.push({ lun: Number(folder.slice(4)), path, target });
    }
  }
  return found;
}

async function portalGroups(files: KernelFiles, fabric: string): Promise<string[]> {
  const groups: string[] = [];
  for (const target of await files.list(fabric)) {
    for (const group of await files.list(`${fabric}/${target}`)) {
      if (group.startsWith("tpgt_")) groups.push(`${fabric}/${target}/${group}`);
    }
  }
  return groups;
}
