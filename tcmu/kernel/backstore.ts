/**
 * A TCMU device as configfs has it: a folder below target/core, which makes a UIO device once it is enabled
 * (Documentation/target/tcmu-design.rst).
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";
import type { KernelFiles } from "./kernel_files.ts";

/** Where the kernel's target is set up. */
export const TARGET_FOLDER = "/sys/kernel/config/target";

const CORE = `${TARGET_FOLDER}/core`;
const UIO_CLASS = "/sys/class/uio";
/** Begins the configuration of every device that this program has made. */
const SUBTYPE = "uiscsi";
/** Tape has no size to tell of, and the kernel wants one. */
const NOMINAL_BYTES = 1 << 20;
const BLOCK_BYTES = 512;
/** The kernel numbers its adapters; each device gets one of its own. */
const MAX_ADAPTERS = 10_000;
/** End what waits for the user with CHECK CONDITION rather than have it tried again. */
const END_WITH_ERROR = "2";

/** How a device is to be made. */
export interface BackstoreSettings {
  /** What attached the device, for `detach`. */
  readonly group: string;
  /** Room for the data of all commands under way, in MiB. */
  readonly dataAreaMb: number;
  /** Seconds after which the kernel gives up a command; 0 for never. */
  readonly commandTimeoutS: number;
}

/** One device of the kernel. */
export class Backstore {
  /** Its name. */
  readonly name: string;
  /** What attached it. */
  readonly group: string;
  /** Its folder. */
  readonly path: string;
  readonly #files: KernelFiles;
  readonly #adapter: string;

  private constructor(files: KernelFiles, adapter: string, name: string, group: string) {
    this.#files = files;
    this.#adapter = adapter;
    this.name = name;
    this.group = group;
    this.path = `${CORE}/${adapter}/${name}`;
  }

  /** All devices that this program has made, in this process or another. */
  static async list(files: KernelFiles): Promise<Backstore[]> {
    const found: Backstore[] = [];
    for (const adapter of await files.list(CORE)) {
      if (!adapter.startsWith("user_")) continue;
      for (const name of await files.list(`${CORE}/${adapter}`)) {
        const config = await files.read(`${CORE}/${adapter}/${name}/attrib/dev_config`);
        const [subtype, group] = config?.split("/") ?? [];
        if (subtype === SUBTYPE) found.push(new Backstore(files, adapter, name, group));
      }
    }
    return found;
  }

  /**
   * Makes a device and enables it. Nothing is left behind when that fails.
   *
   * @throws {TcmuError} when the name is taken, or the kernel refuses.
   */
  static async create(
    files: KernelFiles,
    name: string,
    settings: BackstoreSettings,
  ): Promise<Backstore> {
    if ((await Backstore.list(files)).some((other) => other.name === name)) {
      throw new TcmuError(
        `Cannot attach ${name}: a device of this name is there; detach it, or choose another name`,
        { device: name },
      );
    }
    const adapter = await freeAdapter(files, name);
    const backstore = new Backstore(files, adapter, name, settings.group);
    try {
      await files.makeFolder(backstore.path);
      await backstore.#configure(settings);
      return backstore;
    } catch (error) {
      await backstore.remove().catch(() => {});
      throw error;
    }
  }

  /** Whether this is its name, or what it and others are called together. */
  isCalled(name: string): boolean {
    return name === this.name || name === this.group;
  }

  /** Number and size of the UIO device; undefined when there is none, as the device was not enabled. */
  async uio(): Promise<{ readonly path: string; readonly mappedBytes: number } | undefined> {
    const prefix = `tcm-user/${this.#adapter.replace("user_", "")}/${this.name}/`;
    for (const name of await this.#files.list(UIO_CLASS)) {
      const label = await this.#files.read(`${UIO_CLASS}/${name}/name`);
      if (!label?.startsWith(prefix)) continue;
      const size = await this.#files.read(`${UIO_CLASS}/${name}/maps/map0/size`);
      if (size !== undefined) return { path: `/dev/${name}`, mappedBytes: Number(size) };
    }
    return undefined;
  }

  /** Has the kernel tell of task management functions; older ones cannot. */
  async notifyTaskManagement(): Promise<void> {
    await this.#files.write(`${this.path}/attrib/tmr_notification`, "1");
  }

  /** Has the kernel end with an error whatever the user had not answered, and begin the ring anew, empty. */
  async resetRing(): Promise<void> {
    await this.#files.write(`${this.path}/action/block_dev`, "1");
    await this.#files.write(`${this.path}/action/reset_ring`, END_WITH_ERROR);
  }

  /** Has the kernel put commands into the ring again after {@link resetRing}. */
  async unblock(): Promise<void> {
    await this.#files.write(`${this.path}/action/block_dev`, "0");
  }

  /** Removes the device, which no LUN may lead to any more. @throws {TcmuError} when the kernel refuses. */
  async remove(): Promise<void> {
    await this.#files.remove(this.path);
    await this.#files.remove(`${CORE}/${this.#adapter}`);
  }

  async #configure({ group, dataAreaMb, commandTimeoutS }: BackstoreSettings): Promise<void> {
    const { name } = this;
    const control = [
      `dev_config=${SUBTYPE}/${group}/${name}`,
      `dev_size=${NOMINAL_BYTES}`,
      `hw_block_size=${BLOCK_BYTES}`,
      `max_data_area_mb=${dataAreaMb}`,
      // The process that makes the device is the one that serves it: nobody has to be told, nobody waited for.
      "nl_reply_supported=-1",
    ];
    for (const setting of control) await this.#files.write(`${this.path}/control`, setting);
    await this.#files.write(`${this.path}/attrib/cmd_time_out`, String(commandTimeoutS));
    await this.#files.write(`${this.path}/enable`, "1");
  }
}

/** Takes an adapter that nobody has. */
async function freeAdapter(files: KernelFiles, device: string): Promise<string> {
  for (let number = 0; number < MAX_ADAPTERS; number++) {
    const adapter = `user_${number}`;
    try {
      if (await files.makeFolder(`${CORE}/${adapter}`)) return adapter;
    } catch (cause) {
      throw new TcmuError(
        `Cannot attach ${device}: the kernel has no place for it in ${CORE}; as root, load its ` +
          `modules (modprobe -a target_core_user tcm_loop) and mount configfs`,
        { device, cause },
      );
    }
  }
  throw new TcmuError(`Cannot attach ${device}: all ${MAX_ADAPTERS} adapters are taken`, {
    device,
  });
}
