import assert from "node:assert/strict";
import type { Inventory, LibraryElement } from "../../../changer/inventory.ts";
import { ElementNumbers } from "./element_numbers.ts";
import type { LibrarySetting } from "./library_setting.ts";
import type { ElementFacts } from "./odd_status.ts";
import type { WalkLibrary } from "./walk_library.ts";

/** Holds an inventory to what is where, as far as the library tells it. */
export function checkInventory(inventory: Inventory, library: WalkLibrary): void {
  const numbers = new ElementNumbers(library);
  const { setting } = library;
  const expected = (elements: readonly ElementFacts[], from: number) =>
    elements.map((element, i) => facts(element, i + from, numbers, setting));
  assert.deepEqual(inventory.slots.map(seen), expected(numbers.slots, 1));
  assert.deepEqual(inventory.drives.map(seen), expected(numbers.drives, 0));
  assert.equal(inventory.transports.length, 1);
}

/**
 * An inventory that was read while somebody else moved cartridges has each of them once all the same: of those that are there now, or were `before`, for the
 * operator may have come since.
 */
export function checkComplete(
  inventory: Inventory,
  library: WalkLibrary,
  before: number = library.cartridges().length,
): void {
  const numbers = new ElementNumbers(library);
  assert.equal(inventory.slots.length, numbers.slots.length);
  assert.equal(inventory.drives.length, numbers.drives.length);
  const isFull = ({ full }: { readonly full: boolean }) => full;
  const count = inventory.elements.filter(isFull).length;
  const now = numbers.all.filter(isFull).length;
  assert.ok(count === now || count === before, `${count} cartridges in the inventory, not ${now}`);
}

/** What belongs to an element as such, and to the cartridge in it. */
interface Seen {
  readonly number: number;
  readonly address: number;
  readonly full: boolean;
  readonly accessible: boolean;
  readonly exception: string | undefined;
  readonly serialNumber: string | undefined;
  readonly mediumType: number;
  readonly placedByOperator: boolean;
  readonly barcode: string | undefined;
  readonly sourceSlot: number | undefined;
}

function seen(element: LibraryElement): Seen {
  const { number, address, full, accessible, exception, serialNumber, placedByOperator } = element;
  return {
    ...{ number, address, full, accessible, serialNumber, placedByOperator },
    mediumType: full ? element.mediumType : 0,
    exception: exception && `${exception.asc}/${exception.ascq}`,
    barcode: full ? element.barcode : undefined,
    sourceSlot: full ? element.sourceSlot : undefined,
  };
}

function facts(
  element: ElementFacts,
  number: number,
  numbers: ElementNumbers,
  { oddities }: LibrarySetting,
): Seen {
  const { address, full, accessible, exception, serialNumber, placedByOperator } = element;
  const hidesTags = oddities?.tags === "never" || oddities?.tags === "refused";
  const hidesIds = oddities?.ids === "never" || oddities?.ids === "refused";
  const hidesSource = oddities !== undefined && !oddities.tellsSources;
  return {
    ...{ number, address, full, accessible, placedByOperator },
    mediumType: element.mediumType,
    exception: exception && `${exception.asc}/${exception.ascq}`,
    serialNumber: hidesIds ? undefined : serialNumber,
    barcode: hidesTags ? undefined : element.barcode,
    sourceSlot: hidesSource ? undefined : numbers.numberAt(element.source),
  };
}
