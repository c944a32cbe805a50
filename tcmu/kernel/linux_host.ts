/**
 * The computer that the process runs on.
 *
 * @module
 */

import { kernelFiles } from "./kernel_files.ts";
import type { KernelHost } from "./served_backstore.ts";
import { UioDevice } from "./uio_device.ts";
import { UioPoller } from "./uio_poller.ts";

/** Linux, through configfs, sysfs and the C library. All devices that are opened through one answer share a thread. */
export function linuxHost(): KernelHost {
  const poller = new UioPoller();
  return {
    files: kernelFiles,
    openUio: (path, mappedBytes) => new UioDevice(path, mappedBytes, poller),
  };
}
