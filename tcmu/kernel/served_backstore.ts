/**
 * A kernel device together with the server behind it.
 *
 * @module
 */

import type { DeviceServer } from "@uiscsi/tape/sim";
import { RefusingDevice } from "../server/refusing_device.ts";
import { RingServer, type RingServerOptions } from "../server/ring_server.ts";
import type { SharedRing } from "../server/shared_ring.ts";
import { TcmuError } from "../tcmu_error.ts";
import { Backstore, type BackstoreSettings } from "./backstore.ts";
import type { KernelFiles } from "./kernel_files.ts";
import { lunLinks } from "./lun_link.ts";

/** A ring that can be let go. */
export interface ClosableRing extends SharedRing {
  /** Ends a wait that is under way, and all further ones. */
  end(): void;
  /** Lets the memory go. No wait may be under way. */
  close(): void;
}

/** The computer, as far as a served device needs it. */
export interface KernelHost {
  /** configfs, sysfs and procfs. */
  readonly files: KernelFiles;
  /** Opens a UIO device for this process alone. @throws {TcmuError} */
  openUio(path: string, mappedBytes: number): ClosableRing;
}

/** A device of the kernel that this process serves. */
export class ServedBackstore {
  /** The kernel's side of it. */
  readonly backstore: Backstore;
  readonly #host: KernelHost;
  readonly #ring: ClosableRing;
  #server: RingServer;
  #running: Promise<void>;
  #failed = false;

  private constructor(
    host: KernelHost,
    backstore: Backstore,
    ring: ClosableRing,
    server: RingServer,
  ) {
    this.#host = host;
    this.backstore = backstore;
    this.#ring = ring;
    this.#server = server;
    this.#running = this.#start();
  }

  /**
   * Makes a device and serves it. Nothing is left behind when that fails.
   *
   * @throws {TcmuError} when the kernel refuses.
   */
  static async create(
    host: KernelHost,
    name: string,
    device: DeviceServer,
    { onDeviceError, ...settings }: BackstoreSettings & RingServerOptions,
  ): Promise<ServedBackstore> {
    const backstore = await Backstore.create(host.files, name, settings);
    try {
      const ring = await openRing(host, backstore);
      const server = await orClose(ring, async () => {
        const server = new RingServer(ring, device, { onDeviceError });
        if (server.hasTaskManagement) await backstore.notifyTaskManagement();
        return server;
      });
      return new ServedBackstore(host, backstore, ring, server);
    } catch (error) {
      await backstore.remove().catch(() => {});
      throw error;
    }
  }

  /**
   * Takes over a device whose process has died: what it owed answers for ends with an error, and all that comes is
   * refused, so that the device can be removed.
   *
   * @throws {TcmuError} when a process still serves it, or the kernel refuses.
   */
  static async adopt(host: KernelHost, backstore: Backstore): Promise<ServedBackstore> {
    const ring = await openRing(host, backstore);
    const server = await orClose(ring, () => refusingServer(backstore, ring));
    return new ServedBackstore(host, backstore, ring, server);
  }

  /**
   * Resolves when the kernel's device is gone, or was let go.
   *
   * @throws {TcmuError} when the ring makes no sense.
   */
  get ended(): Promise<void> {
    return this.#running;
  }

  /**
   * Leaves the device alone from here on; see {@link RingServer.refuse}. Where the ring made no sense, the kernel begins
   * it anew: it does not let go of a device that does not answer.
   *
   * @throws {TcmuError} when the kernel refuses.
   */
  async refuse(patience: Promise<void>): Promise<void> {
    if (!this.#failed) return await this.#server.refuse(patience);
    this.#server = await refusingServer(this.backstore, this.#ring);
    this.#running = this.#start();
  }

  /**
   * Takes the device away from all who use it, and removes it. Whoever still has commands for it must be refused
   * meanwhile.
   *
   * @throws {TcmuError} when the kernel refuses.
   */
  async remove(): Promise<void> {
    const { files } = this.#host;
    try {
      for (const { path } of await lunLinks(files, this.backstore)) await files.remove(path);
    } finally {
      this.#ring.end();
      await this.#running.catch(() => {});
      this.#ring.close();
    }
    await this.backstore.remove();
  }

  #start(): Promise<void> {
    const running = this.#server.run();
    running.catch(() => this.#failed = true);
    return running;
  }
}

async function refusingServer(backstore: Backstore, ring: ClosableRing): Promise<RingServer> {
  await backstore.resetRing();
  const server = new RingServer(ring, new RefusingDevice());
  await backstore.unblock();
  return server;
}

async function openRing(host: KernelHost, backstore: Backstore): Promise<ClosableRing> {
  const { name } = backstore;
  const uio = await backstore.uio();
  if (uio !== undefined) return host.openUio(uio.path, uio.mappedBytes);
  throw new TcmuError(`Cannot serve ${name}: the kernel made no UIO device for it`, {
    device: name,
  });
}

async function orClose<T>(ring: ClosableRing, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    ring.close();
    throw error;
  }
}
