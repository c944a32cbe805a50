/**
 * Every request of a session that has a tag, by tag (RFC 7143 §11.2.1.8).
 *
 * @module
 */

import { RESERVED_TAG } from "../pdu/bhs.ts";
import { serialLess } from "../connection/serial_number.ts";

/** Tags and what they stand for. A tag is used once in a session's life, as far as 32 bits reach. */
export class TaskTable<Entry> {
  readonly #entries: Map<number, Entry> = new Map();
  #next = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Takes a tag that no living request has. */
  allocate(): number {
    let itt = this.#next;
    while (itt === RESERVED_TAG || this.#entries.has(itt)) itt = (itt + 1) >>> 0;
    this.#next = (itt + 1) >>> 0;
    return itt;
  }

  set(itt: number, entry: Entry): void {
    this.#entries.set(itt, entry);
  }

  get(itt: number): Entry | undefined {
    return this.#entries.get(itt);
  }

  delete(itt: number): void {
    this.#entries.delete(itt);
  }

  /** Whether the tag was in use before: a late answer to a request that is over, not an invention of the peer. */
  wasUsed(itt: number): boolean {
    return itt !== RESERVED_TAG && serialLess(itt, this.#next);
  }

  values(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  clear(): void {
    this.#entries.clear();
  }
}
