/**
 * The device file through which the kernel shares a ring: /dev/uioN.
 *
 * @module
 */

import type { SharedRing } from "../server/shared_ring.ts";
import { TcmuError } from "../tcmu_error.ts";
import { lastError, type Libc, Linux, openLibc } from "./libc.ts";

const POLL_ENTRY_BYTES = 8;
const EVENT_COUNT_BYTES = 4;
const EVENTFD_BYTES = 8;
const NO_TIMEOUT = -1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** A UIO device that this process has to itself: the kernel lets in one at a time. */
export class UioDevice implements SharedRing {
  readonly memory: ArrayBuffer;
  readonly #libc: Libc;
  readonly #device: number;
  /** Ends a wait: `poll` waits for it too. */
  readonly #ender: number;
  readonly #address: Deno.PointerObject;
  readonly #mappedBytes: number;
  /** Two of `struct pollfd`, which a thread writes to while a wait is under way. */
  readonly #polled = new Uint8Array(2 * POLL_ENTRY_BYTES);
  readonly #eventCount = new Uint8Array(EVENT_COUNT_BYTES);
  #ended = false;

  /**
   * Opens and maps it.
   *
   * @param mappedBytes Size of its first map, as sysfs tells it.
   * @throws {TcmuError} when it cannot be opened, as when another process has it.
   */
  constructor(path: string, mappedBytes: number) {
    const libc = this.#libc = openLibc();
    const undo = [() => libc.close()];
    try {
      this.#device = this.#open(path);
      undo.push(() => void libc.symbols.close(this.#device));
      this.#ender = this.#checked(libc.symbols.eventfd(0, Linux.O_CLOEXEC), "make an eventfd");
      undo.push(() => void libc.symbols.close(this.#ender));
      this.#mappedBytes = mappedBytes;
      this.#address = this.#map(path);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
    this.memory = Deno.UnsafePointerView.getArrayBuffer(this.#address, mappedBytes);
    const view = new DataView(this.#polled.buffer);
    for (const [index, descriptor] of [this.#device, this.#ender].entries()) {
      view.setInt32(index * POLL_ENTRY_BYTES, descriptor, true);
      view.setInt16(index * POLL_ENTRY_BYTES + 4, Linux.POLLIN, true);
    }
  }

  /** Waits in a thread of its own, so that everything else goes on. */
  async wait(): Promise<boolean> {
    while (!this.#ended) {
      const ready = await this.#libc.symbols.poll(this.#polled, 2n, NO_TIMEOUT);
      if (ready > 0) return !this.#ended && this.#takeEvent();
    }
    return false;
  }

  notify(): void {
    // That the device is gone is what the next wait tells.
    this.#libc.symbols.write(this.#device, this.#eventCount, BigInt(EVENT_COUNT_BYTES));
  }

  /** Ends a wait that is under way, and all further ones. */
  end(): void {
    this.#ended = true;
    const one = new Uint8Array(EVENTFD_BYTES);
    one[0] = 1;
    this.#libc.symbols.write(this.#ender, one, BigInt(EVENTFD_BYTES));
  }

  /** Unmaps the memory, which nobody can see any more then, and closes the file. No wait may be under way. */
  close(): void {
    const { symbols } = this.#libc;
    this.memory.transfer(0);
    symbols.munmap(this.#address, BigInt(this.#mappedBytes));
    symbols.close(this.#ender);
    symbols.close(this.#device);
    this.#libc.close();
  }

  /** False when the kernel has taken the device away. */
  #takeEvent(): boolean {
    const count = this.#libc.symbols.read(
      this.#device,
      this.#eventCount,
      BigInt(EVENT_COUNT_BYTES),
    );
    return Number(count) === EVENT_COUNT_BYTES;
  }

  #open(path: string): number {
    const name = new TextEncoder().encode(`${path}\0`);
    const flags = Linux.O_RDWR | Linux.O_NONBLOCK | Linux.O_CLOEXEC;
    return this.#checked(this.#libc.symbols.open(name, flags), `open ${path}`);
  }

  #map(path: string): Deno.PointerObject {
    const address = this.#libc.symbols.mmap(
      null,
      BigInt(this.#mappedBytes),
      Linux.PROT_READ | Linux.PROT_WRITE,
      Linux.MAP_SHARED,
      this.#device,
      0n,
    );
    if (address !== null && Deno.UnsafePointer.value(address) !== MAP_FAILED) return address;
    throw new TcmuError(`Cannot map ${path}: ${lastError(this.#libc)}`);
  }

  #checked(result: number, doing: string): number {
    if (result >= 0) return result;
    throw new TcmuError(`Cannot ${doing}: ${lastError(this.#libc)}`);
  }
}
