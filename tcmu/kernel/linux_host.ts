/**
 * The computer that the process runs on.
 *
 * @module
 */

import { kernelFiles } from "./kernel_files.ts";
import type { KernelHost } from "./served_backstore.ts";
import { UioDevice } from "./uio_device.ts";

/** Linux, through configfs, sysfs and the C library. */
export const linuxHost: KernelHost = {
  files: kernelFiles,
  openUio: (path, mappedBytes) => new UioDevice(path, mappedBytes),
};
