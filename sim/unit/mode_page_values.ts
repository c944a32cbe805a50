/**
 * The values of a mode page, and what MODE SELECT may make of them (SPC-5 §7.5).
 *
 * @module
 */

import { invalidParameter, type Outcome } from "../tape/conditions.ts";

/** The values of one page, each from its page code on. */
export interface ModePageValues {
  readonly page: number;
  /** 0 for a page in page_0 format. */
  readonly subpage: number;
  readonly defaults: Uint8Array;
  /** 1 bits may be changed. */
  readonly changeable: Uint8Array;
  /** The unit writes into it. */
  readonly current: Uint8Array;
}

/** Bytes before the parameters of a page. */
export function pageHeaderLength({ subpage }: Pick<ModePageValues, "subpage">): number {
  return subpage === 0 ? 2 : 4;
}

/**
 * Why a page that begins at byte `at` of the list cannot take the place of `current`: PS must be 0, the length that of the
 * page, and what cannot be changed as it is.
 */
export function refuseChange(
  bytes: Uint8Array,
  current: Uint8Array,
  values: ModePageValues,
  at: number,
): Outcome | undefined {
  if (bytes[0] !== current[0]) return invalidParameter(at, 7);
  if (bytes.length !== current.length) return invalidParameter(at + 1);
  for (let byte = pageHeaderLength(values); byte < bytes.length; byte++) {
    const wrong = (bytes[byte] ^ current[byte]) & ~values.changeable[byte];
    if (wrong !== 0) return invalidParameter(at + byte, 31 - Math.clz32(wrong));
  }
  return undefined;
}

const TAS_BYTE = 5;
const TAS = 0x40;

/** TAS of a control mode page, where there is one (SPC-5 §7.5.10), which is the target's, and no initiator's, to set. */
export function setTaskAbortedBit(page: ModePageValues | undefined, isSet: boolean): void {
  for (const bytes of page === undefined ? [] : [page.defaults, page.current]) {
    if (isSet) bytes[TAS_BYTE] |= TAS;
    else bytes[TAS_BYTE] &= ~TAS;
  }
}
