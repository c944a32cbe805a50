/**
 * Every request of a session that has a tag, by tag (RFC 7143 §11.2.1.8).
 *
 * @module
 */

import { RESERVED_TAG } from "../../pdu/bhs.ts";

/** Tags that count as used before the next one: half of all, as in serial number arithmetic. */
const REMEMBERED_TAGS = 2 ** 31;

/**
 * Tags and what they stand for, in the order in which they were set: the answer is mostly for the first. A tag is used
 * once in a session's life, as far as 32 bits reach.
 *
 * Lists, not a `Map`: one whose entries come and go is copied every few of them, and each copy refers to the next. Once
 * V8's collector counts one of those as old, it keeps all that follow, with what was in them, until it looks at everything.
 */
export class TaskTable<Entry> {
  readonly #tags: number[] = [];
  readonly #entries: Entry[] = [];
  #next: number;
  /** Tags behind `#next` that have been given out or passed over. */
  #used = 0;

  /** `first` is the first tag that is given out. */
  constructor(first = 0) {
    this.#next = first;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Takes a tag that no living request has. */
  allocate(): number {
    let itt = this.#next;
    while (itt === RESERVED_TAG || this.#tags.includes(itt)) itt = (itt + 1) >>> 0;
    this.#used = Math.min(this.#used + ((itt - this.#next) >>> 0) + 1, REMEMBERED_TAGS);
    this.#next = (itt + 1) >>> 0;
    return itt;
  }

  set(itt: number, entry: Entry): void {
    const at = this.#tags.indexOf(itt);
    if (at >= 0) {
      this.#entries[at] = entry;
      return;
    }
    this.#tags.push(itt);
    this.#entries.push(entry);
  }

  get(itt: number): Entry | undefined {
    const at = this.#tags.indexOf(itt);
    return at < 0 ? undefined : this.#entries[at];
  }

  delete(itt: number): void {
    const at = this.#tags.indexOf(itt);
    if (at < 0) return;
    this.#tags.splice(at, 1);
    this.#entries.splice(at, 1);
  }

  /** Whether the tag was in use before: a late answer to a request that is over, not an invention of the peer. */
  wasUsed(itt: number): boolean {
    const behind = (this.#next - itt) >>> 0;
    return itt !== RESERVED_TAG && behind >= 1 && behind <= this.#used;
  }

  /** All, in their order. Whoever changes the table meanwhile goes over a copy. */
  values(): readonly Entry[] {
    return this.#entries;
  }

  clear(): void {
    this.#tags.length = 0;
    this.#entries.length = 0;
  }
}
