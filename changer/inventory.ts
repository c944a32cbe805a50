/**
 * What is where in a library, numbered as mtx does: slots from 1, import/export slots after the storage slots, drives
 * from 0.
 *
 * @module
 */

import { typeName } from "../scsi/bytes.ts";
import type { ElementException, ElementStatus } from "../scsi/element/element_status.ts";
import type { ElementType } from "../scsi/element/element_type.ts";
import { describeAsc } from "../scsi/sense_codes.ts";
import { changerError } from "./conditions.ts";
import { serialNumberOf } from "./drive_identity.ts";

/** One element of a library. */
export interface LibraryElement extends Omit<ElementStatus, "exception"> {
  /**
   * Its number: of storage and import/export elements the slot, from 1 on through both; of drives and arms counted
   * from 0 each.
   */
  readonly number: number;
  /** The slot that the cartridge came from; absent when not told, or not a slot. */
  readonly sourceSlot?: number;
  /** Serial number of a drive, where the changer tells it. */
  readonly serialNumber?: string;
  /** What is wrong with it. */
  readonly exception?: ElementException & {
    /** In words, as T10 has them. */
    readonly text: string;
  };
}

/** What is named by number: a slot, or `{ drive: n }`. */
export type Place = number | { readonly drive: number };

/** What a library holds, at the time when it was asked. */
export class Inventory {
  /** Every element, the slots first, then drives and arms. */
  readonly elements: readonly LibraryElement[];
  /** Storage slots, then import/export slots: number n is at index n - 1. */
  readonly slots: readonly LibraryElement[];
  /** Drives by number. */
  readonly drives: readonly LibraryElement[];
  /** Arms by number. */
  readonly transports: readonly LibraryElement[];

  /** Made from the elements as the changer describes them. */
  constructor(elements: readonly ElementStatus[]) {
    const ofType = (type: ElementType) =>
      elements.filter((element) => element.type === type).sort((a, b) => a.address - b.address);
    const slots = [...ofType("storage"), ...ofType("importExport")];
    const numbers = new Map(slots.map(({ address }, i) => [address, i + 1]));
    const numbered = (from: number) => (element: ElementStatus, i: number) =>
      libraryElement(element, i + from, numbers);
    this.slots = slots.map(numbered(1));
    this.drives = ofType("drive").map(numbered(0));
    this.transports = ofType("transport").map(numbered(0));
    this.elements = [...this.slots, ...this.drives, ...this.transports];
  }

  /** The storage slots alone. */
  get storage(): readonly LibraryElement[] {
    return this.slots.filter(({ type }) => type === "storage");
  }

  /** The import/export slots alone. */
  get importExport(): readonly LibraryElement[] {
    return this.slots.filter(({ type }) => type === "importExport");
  }

  /** The element with this address; `undefined` when there is none. */
  at(address: number): LibraryElement | undefined {
    return this.elements.find((element) => element.address === address);
  }

  /**
   * Where the cartridge with this label is; `undefined` when it is not in the library.
   *
   * @throws {ChangerError} of kind `invalid-argument` for no text: without a label, any cartridge would do.
   */
  find(barcode: string): LibraryElement | undefined {
    checkBarcode(barcode);
    return this.elements.find((element) =>
      element.full && (element.barcode === barcode || element.alternateBarcode === barcode)
    );
  }

  /**
   * The slot with this number.
   *
   * @throws {InvalidElementError} when there is none.
   */
  slot(number: number): LibraryElement {
    const { slots } = this;
    return at(slots, number, 1) ?? missing("slot", number, `slots 1 to ${slots.length}`);
  }

  /**
   * The drive with this number.
   *
   * @throws {InvalidElementError} when there is none.
   */
  drive(number: number): LibraryElement {
    const { drives } = this;
    return at(drives, number, 0) ?? missing("drive", number, `drives 0 to ${drives.length - 1}`);
  }

  /** The slot or drive. Errors as {@linkcode slot} and {@linkcode drive}. */
  place(place: Place): LibraryElement {
    const isDrive = typeof place === "object" && place !== null;
    return isDrive ? this.drive(place.drive) : this.slot(place);
  }
}

/**
 * Checks that a label is a text.
 *
 * @throws {ChangerError} of kind `invalid-argument` when it is not.
 */
export function checkBarcode(barcode: unknown): void {
  if (typeof barcode === "string") return;
  const message = `Cannot find a cartridge by a label of type ${
    typeName(barcode)
  }: it has to be text`;
  throw changerError("invalid-argument", message);
}

/** What is an index to an array need not be a number: `true` would be the second slot. */
function at(
  elements: readonly LibraryElement[],
  number: number,
  first: number,
): LibraryElement | undefined {
  return Number.isInteger(number) ? elements[number - first] : undefined;
}

function missing(what: string, number: unknown, there: string): never {
  const advice = `this library has ${there}`;
  const name = typeof number === "number" ? number : `of type ${typeName(number)}`;
  throw changerError("invalid-element", `Cannot find ${what} ${name}: there is no such element`, {
    advice,
  });
}

function libraryElement(
  { exception, ...element }: ElementStatus,
  number: number,
  slots: ReadonlyMap<number, number>,
): LibraryElement {
  const sourceSlot = element.source === undefined ? undefined : slots.get(element.source);
  const serialNumber = element.deviceId && serialNumberOf(element.deviceId);
  return {
    ...element,
    number,
    ...(sourceSlot !== undefined && { sourceSlot }),
    ...(serialNumber !== undefined && { serialNumber }),
    ...(exception !== undefined && {
      exception: { ...exception, text: describeAsc(exception.asc, exception.ascq) },
    }),
  };
}
