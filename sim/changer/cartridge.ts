/**
 * A cartridge as a library handles it: a label, and a tape inside.
 *
 * @module
 */

import type { Medium } from "../tape/medium.ts";
import { MemoryMedium } from "../tape/memory_medium.ts";

/** Options of a {@link Cartridge}. */
export interface CartridgeOptions {
  /** What is on its label, up to 32 characters; the arm reads it. @default none: no label */
  readonly barcode?: string;
  /** What is on the label of its other side, up to 32 characters. @default none */
  readonly alternateBarcode?: string;
  /** The tape: in memory, or a .tap file. The library closes it. @default a blank tape in memory, whose own memory has the label */
  readonly medium?: Medium;
  /** A cleaning cartridge: a drive that gets it cleans itself, and ejects it. @default false */
  readonly cleaning?: boolean;
}

/** Medium types of READ ELEMENT STATUS (SMC-3 §6.11.6). */
const DATA = 1;
const CLEANING = 2;

/** A cartridge. */
export class Cartridge {
  /** What is on its label. */
  readonly barcode: string | undefined;
  /** What is on the label of its other side. */
  readonly alternateBarcode: string | undefined;
  /** Whether it cleans drives instead of holding data. */
  readonly cleaning: boolean;
  #medium: Medium | undefined;

  /** Makes a cartridge. */
  constructor(options: CartridgeOptions = {}) {
    const { barcode, alternateBarcode, medium, cleaning = false } = options;
    this.barcode = barcode;
    this.alternateBarcode = alternateBarcode;
    this.cleaning = cleaning;
    this.#medium = medium;
  }

  /** The tape inside. A blank one is made when it is first asked for, so that thousands of cartridges cost nothing. */
  get medium(): Medium {
    return this.#medium ??= new MemoryMedium({ barcode: this.barcode });
  }

  /** MEDIUM TYPE in its element's status. */
  get mediumType(): number {
    return this.cleaning ? CLEANING : DATA;
  }

  /**
   * Closes the tape.
   *
   * @throws {MediumStoreError} when writing back fails.
   */
  close(): void {
    this.#medium?.close();
  }
}
