/**
 * What the caller of a changer knows of what is where.
 *
 * @module
 */

import type { LibraryElement } from "./inventory.ts";

/** One element of all. */
export type ElementName = Pick<LibraryElement, "type" | "address">;

/** What tells one cartridge in an element from another. */
type Contents = Pick<LibraryElement, "full" | "barcode">;

/** What the caller has been told to be where, and what its own moves have made of that. */
export class LastSeen {
  readonly #contents = new Map<string, Contents>();
  /** Elements that were found to have something else. */
  readonly #others = new Set<string>();

  /** The caller is told what is there. */
  see(elements: readonly LibraryElement[]): void {
    this.forget(elements);
    for (const element of elements) this.#contents.set(keyOf(element), element);
  }

  /** A cartridge was brought from one element to another. */
  moved(from: ElementName, to: ElementName): void {
    const contents = this.#contents.get(keyOf(from));
    this.forget([from, to]);
    if (contents !== undefined) this.#contents.set(keyOf(to), contents);
  }

  /** The caller cannot rely on what it was told of these. */
  forget(elements: readonly ElementName[]): void {
    for (const element of elements) {
      this.#contents.delete(keyOf(element));
      this.#others.delete(keyOf(element));
    }
  }

  /** Holds what the caller was told to what there is. */
  compare(elements: readonly LibraryElement[]): void {
    for (const element of elements) {
      const seen = this.#contents.get(keyOf(element));
      if (seen !== undefined && isOther(seen, element)) this.#others.add(keyOf(element));
    }
  }

  /** Whether an element was found to have another cartridge, or one where none was. */
  isOther(element: ElementName): boolean {
    return this.#others.has(keyOf(element));
  }
}

/** As far as labels tell. */
function isOther(seen: Contents, now: Contents): boolean {
  return seen.full !== now.full || (now.full && seen.barcode !== now.barcode);
}

function keyOf({ type, address }: ElementName): string {
  return `${type} ${address}`;
}
