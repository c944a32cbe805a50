/**
 * Every request of a session that has a tag, by tag (RFC 7143 §11.2.1.8).
 *
 * @module
 */

import { RESERVED_TAG } from "../../pdu/bhs.ts";

/** Tags that count as used before the next one: half of all, as in serial number arithmetic. */
const REMEMBERED_TAGS = 2 ** 31;

/** Tags and what they stand for. A tag is used once in a session's life, as far as 32 bits reach. */
export class TaskTable<Entry> {
  readonly #entries: Map<number, Entry> = new Map();
  #next: number;
  /** Tags behind `#next` that have been given out or passed over. */
  #used = 0;

  /** `first` is the first tag that is given out. */
  constructor(first = 0) {
    this.#next = first;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Takes a tag that no living request has. */
  allocate(): number {
    let itt = this.#next;
    while (itt === RESERVED_TAG || this.#entries.has(itt)) itt = (itt + 1) >>> 0;
    this.#used = Math.min(this.#used + ((itt - this.#next) >>> 0) + 1, REMEMBERED_TAGS);
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
    const behind = (this.#next - itt) >>> 0;
    return itt !== RESERVED_TAG && behind >= 1 && behind <= this.#used;
  }

  values(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  clear(): void {
    this.#entries.clear();
  }
}
