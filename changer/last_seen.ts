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

  see(elements: readonly LibraryElement[]): void {
    for (const element of elements) this.#contents.set(keyOf(element), element);
  }

  /** A cartridge was brought from one element to another. */
  moved(from: ElementName, to: ElementName): void {
    const contents = this.#contents.get(keyOf(from));
    this.#contents.delete(keyOf(from));
    if (contents !== undefined) this.#contents.set(keyOf(to), contents);
  }

  forget(elements: readonly ElementName[]): void {
    for (const element of elements) this.#contents.delete(keyOf(element));
  }

  /** Whether an element has another cartridge, or one where none was, as far as labels tell. */
  isOther(element: LibraryElement): boolean {
    const seen = this.#contents.get(keyOf(element));
    if (seen === undefined) return false;
    return seen.full !== element.full || (element.full && seen.barcode !== element.barcode);
  }
}

function keyOf({ type, address }: ElementName): string {
  return `${type} ${address}`;
}
