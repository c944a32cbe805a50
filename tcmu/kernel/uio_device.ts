/**
 * The device file through which the kernel shares a ring: /dev/uioN.
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";
import { lastError, type Libc, Linux, openLibc } from "./libc.ts";
import type { ClosableRing } from "./served_backstore.ts";
import type { UioPoller } from "./uio_poller.ts";

const EVENT_COUNT_BYTES = 4;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** A UIO device that this process has to itself: the kernel lets in one at a time. */
export class UioDevice implements ClosableRing {
  readonly memory: ArrayBuffer;
  readonly #libc: Libc;
  readonly #poller: UioPoller;
  readonly #descriptor: number;
  readonly #address: Deno.PointerObject;
  readonly #mappedBytes: number;
  readonly #eventCount = new Uint8Array(EVENT_COUNT_BYTES);
  #ended = false;

  /**
   * Opens and maps it.
   *
   * @param mappedBytes Size of its first map, as sysfs tells it.
   * @param poller What waits for it.
   * @throws {TcmuError} when it cannot be opened, as when another process has it.
   */
  constructor(path: string, mappedBytes: number, poller: UioPoller) {
    const libc = this.#libc = openLibc();
    this.#poller = poller;
    this.#mappedBytes = mappedBytes;
    const undo = [() => libc.close()];
    try {
      poller.join();
      undo.push(() => poller.leave());
      this.#descriptor = this.#open(path);
      undo.push(() => void libc.symbols.close(this.#descriptor));
      this.#address = this.#map(path);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
    this.memory = Deno.UnsafePointerView.getArrayBuffer(this.#address, mappedBytes);
  }

  async wait(): Promise<boolean> {
    if (this.#ended || !await this.#poller.wait(this.#descriptor)) return false;
    const size = BigInt(EVENT_COUNT_BYTES);
    const count = this.#libc.symbols.read(this.#descriptor, this.#eventCount, size);
    // The kernel has taken the device away when there is nothing to read.
    return Number(count) === EVENT_COUNT_BYTES;
  }

  notify(): void {
    const size = BigInt(EVENT_COUNT_BYTES);
    // That the device is gone is what the next wait tells.
    this.#libc.symbols.write(this.#descriptor, this.#eventCount, size);
  }

  end(): void {
    this.#ended = true;
    this.#poller.end(this.#descriptor);
  }

  close(): void {
    const { symbols } = this.#libc;
    // From here on every view of the memory is empty, rather than a way to crash.
    this.memory.transfer(0);
    symbols.munmap(this.#address, BigInt(this.#mappedBytes));
    symbols.close(this.#descriptor);
    this.#poller.leave();
    this.#libc.close();
  }

  #open(path: string): number {
    const name = new TextEncoder().encode(`${path}\0`);
    const flags = Linux.O_RDWR | Linux.O_NONBLOCK | Linux.O_CLOEXEC;
    const descriptor = this.#libc.symbols.open(name, flags);
    if (descriptor >= 0) return descriptor;
    throw new TcmuError(`Cannot open ${path}: ${lastError(this.#libc)}`);
  }

  #map(path: string): Deno.PointerObject {
    const address = this.#libc.symbols.mmap(
      null,
      BigInt(this.#mappedBytes),
      Linux.PROT_READ | Linux.PROT_WRITE,
      Linux.MAP_SHARED,
      this.#descriptor,
      0n,
    );
    if (address !== null && Deno.UnsafePointer.value(address) !== MAP_FAILED) return address;
    throw new TcmuError(`Cannot map ${path}: ${lastError(this.#libc)}`);
  }
}
