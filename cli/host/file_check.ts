import { access, constants, stat } from "node:fs/promises";
import { DescriptorSource } from "./file_descriptor.ts";
import type { FileCheck } from "./host.ts";
import { naming } from "./system_call.ts";

/**
 * Checks that a file can be read. A pipe is not opened, for that would take what its writer writes.
 *
 * @throws the system's error.
 */
export async function checkFile(path: string): Promise<FileCheck> {
  try {
    const found = await stat(path);
    if (found.isFile() || found.isDirectory()) return await openOnce(path);
    await access(path, constants.R_OK);
    return {};
  } catch (error) {
    throw naming(error, "open", path);
  }
}

async function openOnce(path: string): Promise<FileCheck> {
  const source = await DescriptorSource.open(path);
  await source.close();
  return { sizeBytes: source.sizeBytes };
}
