/**
 * The loopback fabric (tcm_loop): a SCSI host of this computer whose logical units are TCMU devices, so that its own
 * drivers find them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { type Backstore, TARGET_FOLDER } from "./backstore.ts";
import type { KernelFiles } from "./kernel_files.ts";
import { linksOf } from "./lun_link.ts";

const FABRIC = `${TARGET_FOLDER}/loopback`;
/** NAA 3h, locally assigned, and three letters that stand for this program. */
const NAME_PREFIX = "naa.3756973";
const NAME_DIGITS = 9;
/** What a driver makes of a logical unit: the folder in sysfs, and which of its names is the device file. */
const DRIVERS: readonly (readonly [folder: string, name: RegExp])[] = [
  ["scsi_tape", /^nst\d+$/],
  ["scsi_changer", /^sch\d+$/],
  ["scsi_generic", /^sg\d+$/],
];

/** One target of the loopback fabric, with one portal group. */
export class LoopbackTarget {
  readonly #files: KernelFiles;
  readonly #path: string;

  private constructor(files: KernelFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** All that this program has made, in this process or another. */
  static async list(files: KernelFiles): Promise<LoopbackTarget[]> {
    const names = await files.list(FABRIC);
    return names.filter((name) => name.startsWith(NAME_PREFIX))
      .map((name) => new LoopbackTarget(files, `${FABRIC}/${name}`));
  }

  /**
   * Makes a target with the devices as LUN 0, 1 and so on. They must be served meanwhile, as the kernel looks at them.
   * Nothing is left behind when that fails.
   *
   * @param name What it is named after.
   * @throws {TcmuError} when the kernel refuses.
   */
  static async create(
    files: KernelFiles,
    name: string,
    devices: readonly Backstore[],
  ): Promise<LoopbackTarget> {
    const digits = createHash("sha256").update(name).digest("hex").slice(0, NAME_DIGITS);
    const address = `${NAME_PREFIX}${digits}`;
    const target = new LoopbackTarget(files, `${FABRIC}/${address}`);
    try {
      await files.makeFolder(FABRIC);
      await files.makeFolder(target.#path);
      await files.makeFolder(target.#group);
      await files.write(`${target.#group}/nexus`, address);
      for (const [lun, device] of devices.entries()) await target.#add(lun, device);
      return target;
    } catch (error) {
      await target.remove().catch(() => {});
      throw error;
    }
  }

  /** Whether any LUN leads to a device. */
  async isInUse(): Promise<boolean> {
    return (await linksOf(this.#files, this.#group)).length > 0;
  }

  /** Removes it. The devices must be served meanwhile. @throws {TcmuError} when the kernel refuses. */
  async remove(): Promise<void> {
    const files = this.#files;
    for (const { path } of await linksOf(files, this.#group)) await files.remove(path);
    for (const lun of await files.list(`${this.#group}/lun`)) {
      await files.remove(`${this.#group}/lun/${lun}`);
    }
    await files.remove(this.#group);
    await files.remove(this.#path);
    // Others may have targets of this fabric.
    await files.remove(FABRIC).catch(() => {});
  }

  get #group(): string {
    return `${this.#path}/tpgt_1`;
  }

  async #add(lun: number, { path, name }: Backstore): Promise<void> {
    const folder = `${this.#group}/lun/lun_${lun}`;
    await this.#files.makeFolder(folder);
    await this.#files.link(path, `${folder}/${name}`);
  }
}

/** The device file of a LUN of the loopback fabric; undefined when no driver has taken it. */
export async function loopbackDeviceFile(
  files: KernelFiles,
  group: string,
  lun: number,
): Promise<string | undefined> {
  const address = await files.read(`${group}/address`);
  const device = `/sys/class/scsi_device/${address}:${lun}/device`;
  for (const [folder, pattern] of DRIVERS) {
    const name = (await files.list(`${device}/${folder}`)).find((name) => pattern.test(name));
    if (name !== undefined) return `/dev/${name}`;
  }
  return undefined;
}
