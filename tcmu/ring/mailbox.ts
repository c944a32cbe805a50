/**
 * The head of the memory that a TCMU device shares with its user: where the command ring is, and how far the kernel and
 * the user have come in it (`struct tcmu_mailbox` of linux/target_core_user.h).
 *
 * @module
 */

import { TcmuError } from "../tcmu_error.ts";

/** Where the fields are. */
const Offset = {
  version: 0,
  flags: 2,
  ringOffset: 4,
  ringBytes: 8,
  head: 12,
  tail: 64,
  end: 68,
} as const;

const VERSION = 2;
const OUT_OF_ORDER_COMPLETION = 1 << 0;
const READ_LENGTH = 1 << 1;
const TASK_MANAGEMENT = 1 << 2;

/** Entries begin at multiples of so many bytes. */
export const ENTRY_ALIGNMENT = 8;

/**
 * The mailbox at the beginning of shared memory. `head` is the kernel's, `tail` the user's. Both are read and written
 * with `Atomics`, which order them with what is read and written in the ring, on memory of any kind.
 */
export class Mailbox {
  /** Where the ring begins in the memory. */
  readonly ringOffset: number;
  /** Length of the ring in bytes. */
  readonly ringBytes: number;
  /** Whether the kernel tells of task management functions. */
  readonly hasTaskManagement: boolean;
  readonly #words: Int32Array;

  /** @throws {TcmuError} when the memory holds no mailbox that this program understands. */
  constructor(memory: ArrayBuffer) {
    if (memory.byteLength < Offset.end) throw unusable("the memory is shorter than a mailbox");
    const view = new DataView(memory);
    const version = view.getUint16(Offset.version, true);
    const flags = view.getUint16(Offset.flags, true);
    if (version !== VERSION) throw unusable(`its version is ${version}, not ${VERSION}`);
    if ((flags & OUT_OF_ORDER_COMPLETION) === 0 || (flags & READ_LENGTH) === 0) {
      throw unusable("the kernel cannot take short reads; Linux 5.0 or later can");
    }
    this.hasTaskManagement = (flags & TASK_MANAGEMENT) !== 0;
    this.ringOffset = view.getUint32(Offset.ringOffset, true);
    this.ringBytes = view.getUint32(Offset.ringBytes, true);
    this.#words = new Int32Array(memory, 0, Math.ceil(Offset.end / 4));
    this.#check(memory);
  }

  /** Up to where the kernel has filled the ring, in bytes from its beginning. @throws {TcmuError} when that is not in the ring. */
  get head(): number {
    return this.#position("head", Atomics.load(this.#words, Offset.head / 4) >>> 0);
  }

  /** Up to where the user has answered. @throws {TcmuError} when that is not in the ring. */
  get tail(): number {
    return this.#position("tail", Atomics.load(this.#words, Offset.tail / 4) >>> 0);
  }

  /** Gives everything before this position back to the kernel. */
  set tail(position: number) {
    Atomics.store(this.#words, Offset.tail / 4, position);
  }

  #check({ byteLength }: ArrayBuffer): void {
    const { ringOffset, ringBytes } = this;
    const isAligned = ringOffset % ENTRY_ALIGNMENT === 0 && ringBytes % ENTRY_ALIGNMENT === 0;
    if (isAligned && ringBytes > 0 && ringOffset >= Offset.end) {
      if (ringOffset + ringBytes <= byteLength) return;
    }
    throw unusable(`its ring of ${ringBytes} bytes at ${ringOffset} cannot be`);
  }

  #position(name: string, position: number): number {
    if (position < this.ringBytes && position % ENTRY_ALIGNMENT === 0) return position;
    throw unusable(`its ${name} is at ${position} in a ring of ${this.ringBytes} bytes`);
  }
}

function unusable(why: string): TcmuError {
  return new TcmuError(`Cannot use the kernel's mailbox: ${why}`);
}
