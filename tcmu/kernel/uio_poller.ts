/**
 * Waits for many files in one thread: Deno has 32 threads for all calls that block.
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";
import { lastError, type Libc, Linux, openLibc } from "./libc.ts";

/** `struct pollfd`: a descriptor, what is asked for, what came. */
const ENTRY_BYTES = 8;
const ASKED = 4;
const CAME = 6;
const EVENTFD_BYTES = 8;
const NO_TIMEOUT = -1;

/** What the thread waits with. */
interface Thread {
  readonly libc: Libc;
  /** Readable when the thread is to look at what to wait for anew. */
  readonly waker: number;
}

/** The files that somebody waits for, and the one thread that does so. */
export class UioPoller {
  readonly #waiting = new Map<number, (ready: boolean) => void>();
  readonly #ended = new Set<number>();
  #thread: Thread | undefined;
  #members = 0;
  #polling = false;

  /** Somebody is going to wait; to be paired with {@link leave}. @throws {TcmuError} when there is no way to wait. */
  join(): void {
    this.#thread ??= openThread();
    this.#members++;
  }

  /** Somebody is not going to wait any more. */
  leave(): void {
    if (--this.#members > 0 || this.#thread === undefined) return;
    const { libc, waker } = this.#thread;
    libc.symbols.close(waker);
    libc.close();
    this.#thread = undefined;
  }

  /** Resolves to true when the file can be read, or has failed; to false when it was ended. One at a time may wait for a file. */
  wait(descriptor: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.set(descriptor, resolve);
      if (this.#polling) this.#wake();
      else this.#poll(this.#thread!);
    });
  }

  /** Has the wait for a file, if there is one, resolve to false once the thread has let go of the file. */
  end(descriptor: number): void {
    if (!this.#waiting.has(descriptor)) return;
    this.#ended.add(descriptor);
    this.#wake();
  }

  async #poll({ libc, waker }: Thread): Promise<void> {
    this.#polling = true;
    const count = new Uint8Array(EVENTFD_BYTES);
    while (this.#waiting.size > 0) {
      const entries = pollEntries([waker, ...this.#waiting.keys()]);
      await libc.symbols.poll(entries, BigInt(entries.length / ENTRY_BYTES), NO_TIMEOUT);
      libc.symbols.read(waker, count, BigInt(EVENTFD_BYTES));
      for (const descriptor of readyIn(entries)) this.#settle(descriptor, true);
      for (const descriptor of this.#ended) this.#settle(descriptor, false);
      this.#ended.clear();
    }
    this.#polling = false;
  }

  #settle(descriptor: number, ready: boolean): void {
    const resolve = this.#waiting.get(descriptor);
    this.#waiting.delete(descriptor);
    resolve?.(ready && !this.#ended.has(descriptor));
  }

  #wake(): void {
    const { libc, waker } = this.#thread!;
    const one = new Uint8Array(EVENTFD_BYTES);
    one[0] = 1;
    libc.symbols.write(waker, one, BigInt(EVENTFD_BYTES));
  }
}

function openThread(): Thread {
  const libc = openLibc();
  const waker = libc.symbols.eventfd(0, Linux.O_NONBLOCK | Linux.O_CLOEXEC);
  if (waker >= 0) return { libc, waker };
  const why = lastError(libc);
  libc.close();
  throw new TcmuError(`Cannot wait for the kernel: ${why}`);
}

function pollEntries(descriptors: readonly number[]): Uint8Array<ArrayBuffer> {
  const entries = new Uint8Array(descriptors.length * ENTRY_BYTES);
  const view = new DataView(entries.buffer);
  descriptors.forEach((descriptor, index) => {
    view.setInt32(index * ENTRY_BYTES, descriptor, true);
    view.setInt16(index * ENTRY_BYTES + ASKED, Linux.POLLIN, true);
  });
  return entries;
}

function readyIn({ buffer, length }: Uint8Array<ArrayBuffer>): number[] {
  const view = new DataView(buffer);
  const ready: number[] = [];
  for (let at = 0; at < length; at += ENTRY_BYTES) {
    if (view.getInt16(at + CAME, true) !== 0) ready.push(view.getInt32(at, true));
  }
  return ready;
}
