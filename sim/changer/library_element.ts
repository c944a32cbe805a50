/**
 * The elements of a simulated library.
 *
 * @module
 */

import type { ElementAssignment } from "../../scsi/element/changer_pages.ts";
import { ELEMENT_TYPES, type ElementType } from "../../scsi/element/element_type.ts";
import { InvalidOptionError } from "../../iscsi/errors.ts";
import type { Cartridge } from "./cartridge.ts";
import type { LibraryDrive } from "./library_drive.ts";

/** One element. */
export interface SimulatedElement {
  readonly type: ElementType;
  readonly address: number;
  /** The drive that it is. */
  readonly drive?: LibraryDrive;
  /** The cartridge in it; a drive knows its own. */
  cartridge?: Cartridge;
  /** The slot that the cartridge was in before. */
  source?: number;
  /** An operator put the cartridge in. */
  placedByOperator: boolean;
  /** An import/export element that is open to the operator. */
  open: boolean;
}

/** The cartridge in an element. */
export function cartridgeIn({ drive, cartridge }: SimulatedElement): Cartridge | undefined {
  return drive === undefined ? cartridge : drive.cartridge;
}

/** The elements by address, each type in a row of its own. */
export class ElementTable {
  readonly assignment: ElementAssignment;
  /** By ascending address. */
  readonly all: readonly SimulatedElement[];
  /** Storage, then import/export: number n at n - 1. */
  readonly #slots: readonly SimulatedElement[];
  readonly #byAddress: ReadonlyMap<number, SimulatedElement>;

  /**
   * @param drives Those of the drive elements, in order.
   * @throws {InvalidOptionError} when the addresses overlap or do not fit.
   */
  constructor(assignment: ElementAssignment, drives: readonly LibraryDrive[]) {
    this.assignment = assignment;
    this.all = ELEMENT_TYPES.flatMap((type) => elementsOf(type, assignment, drives))
      .sort((a, b) => a.address - b.address);
    this.#byAddress = new Map(this.all.map((element) => [element.address, element]));
    this.#slots = [...this.ofType("storage"), ...this.ofType("importExport")];
    const fits = this.all.every(({ address }) => address <= 0xffff);
    if (fits && this.#byAddress.size === this.all.length) return;
    throw new InvalidOptionError(
      "personality.addresses",
      "Cannot make a library: its element addresses overlap or are beyond 65535",
    );
  }

  /** The element with this address. */
  at(address: number): SimulatedElement | undefined {
    return this.#byAddress.get(address);
  }

  /** The elements of one type by address. */
  ofType(type: ElementType): SimulatedElement[] {
    return this.all.filter((element) => element.type === type);
  }

  /** The slot with this number: storage from 1, import/export after it. */
  slot(number: number): SimulatedElement | undefined {
    return this.#slots[number - 1];
  }
}

function elementsOf(
  type: ElementType,
  assignment: ElementAssignment,
  drives: readonly LibraryDrive[],
): SimulatedElement[] {
  const { first, count } = assignment[type];
  return Array.from({ length: count }, (_, i) => ({
    type,
    address: first + i,
    ...(type === "drive" && { drive: drives[i] }),
    placedByOperator: false,
    open: false,
  }));
}
