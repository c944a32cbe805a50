/**
 * Simulated devices as devices of this computer's kernel.
 *
 * @module
 */

import type { DeviceServer } from "@uiscsi/tape/sim";
import { linuxHost } from "./kernel/linux_host.ts";
import { loopbackDeviceFile, LoopbackTarget } from "./kernel/loopback_target.ts";
import { lunLinks } from "./kernel/lun_link.ts";
import { type KernelHost, ServedBackstore } from "./kernel/served_backstore.ts";
import { TcmuError } from "./tcmu_error.ts";

/** A device to attach. */
export interface TcmuUnit {
  /** What the kernel is to call it: letters, digits, `.`, `_` and `-`, 64 of them at most. */
  readonly name: string;
  /** The device. It stays the caller's, who closes it after the attachment. */
  readonly device: DeviceServer;
}

/** Options of {@link attach}. */
export interface AttachOptions {
  /** What they are called together, and what `detach` finds them by. @default the name of the first */
  readonly name?: string;
  /** Whether this computer's own drivers are to find them, as LUN 0, 1 and so on of a loopback target. @default false */
  readonly loopback?: boolean;
  /** Seconds after which the kernel gives up a command; 0 for never, as winding a tape takes its time. @default 0 */
  readonly commandTimeoutS?: number;
  /** Room for the data of all commands under way of one device, in MiB; no command can move more. @default 64 */
  readonly dataAreaMb?: number;
  /** How long a command that runs may go on while devices are detached, in milliseconds. @default 2000 */
  readonly closeTimeoutMs?: number;
  /** Hears of what a device throws instead of answering, which is a mistake in the device. @default nobody */
  readonly onDeviceError?: (error: unknown) => void;
}

/** A device that the kernel has. */
export interface AttachedUnit {
  /** What the kernel calls it. */
  readonly name: string;
  /** Its folder in configfs, to which a LUN of any fabric can be linked. */
  readonly backstore: string;
  /** Its device file, such as /dev/nst0, where a loopback target was asked for and a driver has taken it. */
  readonly deviceFile?: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Devices that this process serves to the kernel. */
export class Attachment {
  /** The devices, in the order in which they were given. */
  readonly units: readonly AttachedUnit[];
  readonly #served: readonly ServedBackstore[];
  readonly #loopback: LoopbackTarget | undefined;
  readonly #closeTimeoutMs: number;
  #closing: Promise<void> | undefined;

  private constructor(
    units: readonly AttachedUnit[],
    served: readonly ServedBackstore[],
    loopback: LoopbackTarget | undefined,
    closeTimeoutMs: number,
  ) {
    this.units = units;
    this.#served = served;
    this.#loopback = loopback;
    this.#closeTimeoutMs = closeTimeoutMs;
  }

  /**
   * Attaches devices. See {@link attach}.
   *
   * @param host What stands for the computer; tests bring their own.
   * @throws {TcmuError} as {@link attach}
   */
  static async open(
    units: readonly TcmuUnit[],
    options: AttachOptions,
    host: KernelHost,
  ): Promise<Attachment> {
    const { name = units[0]?.name, closeTimeoutMs = 2000, loopback = false } = options;
    const { commandTimeoutS = 0, dataAreaMb = 64, onDeviceError } = options;
    checkSettings([name, ...units.map((unit) => unit.name)], { commandTimeoutS, dataAreaMb });
    const settings = { group: name, commandTimeoutS, dataAreaMb, onDeviceError };
    const served: ServedBackstore[] = [];
    let target: LoopbackTarget | undefined;
    try {
      for (const unit of units) {
        served.push(await ServedBackstore.create(host, unit.name, unit.device, settings));
      }
      const backstores = served.map(({ backstore }) => backstore);
      if (loopback) target = await LoopbackTarget.create(host.files, name, backstores);
      const attached = await Promise.all(served.map((one) => describe(one, host)));
      return new Attachment(attached, served, target, closeTimeoutMs);
    } catch (error) {
      await target?.remove().catch(() => {});
      for (const one of served.reverse()) await one.remove().catch(() => {});
      throw error;
    }
  }

  /**
   * Resolves once the kernel has no longer one of the devices, because somebody took it away or {@link close} did.
   *
   * @throws {TcmuError} when what the kernel says makes no sense: close the attachment then.
   */
  get ended(): Promise<void> {
    return Promise.race(this.#served.map((one) => one.ended));
  }

  /**
   * Takes the devices away from everybody and removes them. A command that runs may end within `closeTimeoutMs`; one
   * that takes longer is aborted, though its device may still be at it. All others are refused. Calling it again does
   * nothing more.
   *
   * @throws {TcmuError} when the kernel does not let go.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** The same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#closeTimeoutMs);
    });
    await Promise.all(this.#served.map((one) => one.refuse(patience)));
    clearTimeout(timer);
    const steps = [
      () => this.#loopback?.remove(),
      ...this.#served.map((one) => () => one.remove()),
    ];
    const errors: unknown[] = [];
    for (const step of steps) await Promise.resolve(step()).catch((error) => errors.push(error));
    if (errors.length > 0) throw errors[0];
  }
}

/**
 * Makes devices of this computer's kernel of simulated ones, or of any other {@link DeviceServer}, and serves them
 * until the attachment is closed. Needs root, Linux 5.0 or later with the modules target_core_user and, for
 * `loopback`, tcm_loop, and configfs at /sys/kernel/config.
 *
 * ```ts ignore
 * import { MemoryMedium, SimulatedDrive } from "@uiscsi/tape/sim";
 * import { attach } from "@uiscsi/tcmu";
 *
 * const device = new SimulatedDrive({ medium: new MemoryMedium() });
 * const attachment = await attach([{ name: "scratch", device }], { loopback: true });
 * console.log(attachment.units[0].deviceFile); // /dev/nst0
 * await attachment.close();
 * await device.close();
 * ```
 *
 * @throws {TcmuError} when a name is taken or cannot be one, or the kernel refuses; nothing is left behind then.
 */
export function attach(
  units: readonly TcmuUnit[],
  options: AttachOptions = {},
): Promise<Attachment> {
  return Attachment.open(units, options, linuxHost());
}

function checkSettings(
  names: readonly string[],
  { commandTimeoutS, dataAreaMb }: { commandTimeoutS: number; dataAreaMb: number },
): void {
  const wrong = names.find((name) => name === undefined || !NAME.test(name));
  if (names.length < 2 || wrong !== undefined) {
    throw new TcmuError(
      `Cannot attach ${wrong ?? "nothing"}: a name is up to 64 letters, digits, ".", "_" and "-"`,
    );
  }
  if (!Number.isSafeInteger(commandTimeoutS) || commandTimeoutS < 0) {
    throw new TcmuError(`Cannot attach ${names[0]}: ${commandTimeoutS} is no number of seconds`);
  }
  if (!Number.isSafeInteger(dataAreaMb) || dataAreaMb < 1 || dataAreaMb > 1024) {
    throw new TcmuError(`Cannot attach ${names[0]}: ${dataAreaMb} MiB is not from 1 to 1024`);
  }
}

async function describe({ backstore }: ServedBackstore, host: KernelHost): Promise<AttachedUnit> {
  const { name, path } = backstore;
  for (const { fabric, group, lun } of await lunLinks(host.files, backstore)) {
    if (fabric !== "loopback") continue;
    const deviceFile = await loopbackDeviceFile(host.files, group, lun);
    return { name, backstore: path, ...(deviceFile !== undefined && { deviceFile }) };
  }
  return { name, backstore: path };
}
