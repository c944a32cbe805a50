/**
 * Records on their way to the drive, in their order, with their bytes until each is known to be written.
 *
 * @module
 */

import { writeCdb } from "./commands.ts";
import type { Device, Reply } from "./device.ts";
import { RepeatedCdb } from "./repeated_cdb.ts";

/** One write: a record, or in fixed mode one or more blocks. */
export interface PendingWrite {
  readonly number: number;
  /** What of it is not written yet. */
  data: Uint8Array;
  /** Objects on the tape that this amounts to. */
  objects: number;
  /** Where `data` was copied to; serves again for a later record. */
  readonly copy: Uint8Array | undefined;
  isSent: boolean;
  /** Settles when the answer is there; never rejects. */
  done: Promise<void>;
  reply: Reply | undefined;
  error: unknown;
  /** How often it has been sent without being executed. */
  tries: number;
}

const SETTLED = Promise.resolve();

/** The writes that are not known to be written. */
export class WriteWindow {
  readonly #device: Device;
  readonly #writes: PendingWrite[] = [];
  readonly #spares: Uint8Array[] = [];
  readonly #cdb: RepeatedCdb = new RepeatedCdb(writeCdb);
  #last: PendingWrite | undefined;

  constructor(device: Device) {
    this.#device = device;
  }

  get length(): number {
    return this.#writes.length;
  }

  /** The oldest. */
  get head(): PendingWrite {
    return this.#writes[0];
  }

  /** All, oldest first. For reading only, and until the window changes. */
  get all(): readonly PendingWrite[] {
    return this.#writes;
  }

  /** Adds a write behind the others. With `isCopied` the caller's array is free from then on. */
  add(number: number, data: Uint8Array, objects: number, isCopied: boolean): PendingWrite {
    const copy = isCopied ? this.#copyOf(data) : undefined;
    const write: PendingWrite = {
      number,
      data: copy?.subarray(0, data.length) ?? data,
      objects,
      copy,
      isSent: false,
      done: SETTLED,
      reply: undefined,
      error: undefined,
      tries: 0,
    };
    this.#writes.push(write);
    return write;
  }

  /** Sends a write. */
  send(write: PendingWrite, blockBytes: number, signal?: AbortSignal): void {
    const isFixed = blockBytes > 0;
    const { data, objects } = write;
    write.isSent = true;
    write.reply = write.error = undefined;
    const cdb = this.#cdb.of(isFixed, isFixed ? objects : data.length);
    write.done = this.#device.send({ cdb, dataOut: data, signal }).then((reply) => {
      write.reply = reply;
    }, (error) => {
      write.error = error;
    });
  }

  /** Waits for the answers to all that is under way. */
  async settle(): Promise<void> {
    for (const { done } of this.#writes) await done;
  }

  /** The oldest is written. Its bytes are kept until the next is, should it have to be found again. */
  shift(): void {
    const copy = this.#last?.copy;
    if (copy !== undefined) this.#spares.push(copy);
    this.#last = this.#writes.shift();
  }

  /** The last that was written; its bytes are kept only if they were copied. */
  get last(): PendingWrite | undefined {
    return this.#last;
  }

  /** No more records follow for now: buffers that wait for them are let go, at once, for the collector of garbage may be long in coming. */
  release(): void {
    for (const { buffer } of this.#spares) (buffer as ArrayBuffer).transfer(0);
    this.#spares.length = 0;
  }

  /** Everything has to be sent anew. */
  recall(): void {
    for (const write of this.#writes) {
      write.isSent = false;
      write.reply = write.error = undefined;
    }
  }

  /** Gives everything up, and its buffers away. */
  clear(): PendingWrite[] {
    return this.#writes.splice(0);
  }

  #copyOf(data: Uint8Array): Uint8Array {
    const spare = this.#spares.pop();
    const copy = spare !== undefined && spare.length >= data.length
      ? spare
      : new Uint8Array(data.length);
    copy.set(data);
    return copy;
  }
}
