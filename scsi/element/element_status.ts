/**
 * What the answer to READ ELEMENT STATUS looks like: a header, a page for each run of elements of one type, and a
 * descriptor for each element (SMC-3 §6.11).
 *
 * @module
 */

import type { Designator } from "../designator.ts";
import type { ElementType } from "./element_type.ts";

/** An additional sense code that an element has to tell. */
export interface ElementException {
  /** Additional sense code. */
  readonly asc: number;
  /** Its qualifier. */
  readonly ascq: number;
}

/** One element as the changer describes it. */
export interface ElementStatus {
  /** What it is. */
  readonly type: ElementType;
  /** Its address, 0 to 65535. */
  readonly address: number;
  /** FULL: there is a cartridge. For an arm, that it holds one. */
  readonly full: boolean;
  /** IMPEXP: an operator put the cartridge in, not the arm. */
  readonly placedByOperator: boolean;
  /** EXCEPT: something is wrong with it. */
  readonly exception?: ElementException;
  /** ACCESS: the arm can reach it. For a drive, that the cartridge is out far enough to be taken. */
  readonly accessible: boolean;
  /** EXENAB: cartridges may leave the library here. */
  readonly exportEnabled: boolean;
  /** INENAB: cartridges may come in here. */
  readonly importEnabled: boolean;
  /** Where the cartridge was before it came here (SVALID). */
  readonly source?: number;
  /** Whether it was turned over on its way here. */
  readonly inverted: boolean;
  /** ED: switched off. */
  readonly disabled: boolean;
  /** Medium type: 0 unspecified, 1 data, 2 cleaning, 3 diagnostics, 4 WORM. */
  readonly mediumType: number;
  /** What is on its label; absent when empty or not told. */
  readonly barcode?: string;
  /** What is on the label of its other side. */
  readonly alternateBarcode?: string;
  /** LUN of a drive on the changer's own bus, of old libraries. */
  readonly busLun?: number;
  /** SCSI bus address of a drive of old libraries. */
  readonly busAddress?: number;
  /** What a drive goes by (DVCID). `data` is a view of the decoded array. */
  readonly deviceId?: Designator;
}

/** A decoded answer. */
export interface ElementStatusData {
  /** Address of the first element that the changer has to report. */
  readonly first: number;
  /** How many elements it has to report, whether or not they are all in this answer. */
  readonly available: number;
  /** Bytes that the whole answer has, header included. */
  readonly totalLength: number;
  /** The elements that came whole, in the changer's order. */
  readonly elements: readonly ElementStatus[];
  /**
   * The one after them, of which only the beginning came, with what of it came whole. Asking again from its address
   * brings all of it; but some changers cut their last element off however they are asked.
   */
  readonly cut?: ElementStatus;
}
