/**
 * The devices that this program, in whatever process, has given to the kernel.
 *
 * @module
 */

import { Backstore } from "./kernel/backstore.ts";
import { linuxHost } from "./kernel/linux_host.ts";
import { loopbackDeviceFile, LoopbackTarget } from "./kernel/loopback_target.ts";
import { lunLinks } from "./kernel/lun_link.ts";
import { type KernelHost, ServedBackstore } from "./kernel/served_backstore.ts";
import { serverOf } from "./kernel/serving_process.ts";

/** A device in the kernel. */
export interface AttachedDevice {
  /** What the kernel calls it. */
  readonly name: string;
  /** What it is detached by, alone or with others. */
  readonly group: string;
  /** Its folder in configfs. */
  readonly backstore: string;
  /** The process that serves it; undefined when that has died. */
  readonly processId?: number;
  /** Where it is handed on: device files, or the folders of LUNs of fabrics. */
  readonly places: readonly string[];
}

/** The devices, whoever serves them. @throws {TcmuError} when the kernel's files cannot be read. */
export async function attachedDevices(host: KernelHost = linuxHost()): Promise<AttachedDevice[]> {
  const devices: AttachedDevice[] = [];
  for (const backstore of await Backstore.list(host.files)) {
    const { name, group, path } = backstore;
    const processId = await serverOf(host.files, backstore);
    const places = await placesOf(host, backstore);
    devices.push({
      ...{ name, group, backstore: path },
      ...(processId !== undefined && { processId }),
      places,
    });
  }
  return devices;
}

/** Options of {@link cleanUp}. */
export interface CleanUpOptions {
  /** The name of a device, or what several are called together. @default all */
  readonly only?: string;
}

/**
 * Removes the devices whose process has died, and what is left of loopback targets. Commands that wait for them end
 * with an error.
 *
 * @returns the names of the devices that were removed.
 * @throws {TcmuError} when the kernel does not let go.
 */
export async function cleanUp(
  host: KernelHost = linuxHost(),
  { only }: CleanUpOptions = {},
): Promise<string[]> {
  const removed: string[] = [];
  for (const backstore of await Backstore.list(host.files)) {
    if (only !== undefined && !backstore.isCalled(only)) continue;
    if (await serverOf(host.files, backstore) !== undefined) continue;
    if (await backstore.uio() === undefined) await backstore.remove();
    else await (await ServedBackstore.adopt(host, backstore)).remove();
    removed.push(backstore.name);
  }
  for (const target of await LoopbackTarget.list(host.files)) {
    if (!await target.isInUse()) await target.remove();
  }
  return removed;
}

async function placesOf({ files }: KernelHost, backstore: Backstore): Promise<string[]> {
  const places: string[] = [];
  for (const { fabric, group, lun, path } of await lunLinks(files, backstore)) {
    const file = fabric === "loopback" ? await loopbackDeviceFile(files, group, lun) : undefined;
    places.push(file ?? path);
  }
  return places;
}
