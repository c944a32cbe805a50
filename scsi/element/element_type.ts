/**
 * Element types: what a library is made of (SMC-3 §4.2).
 *
 * @module
 */

/** What an element of a library is. */
export type ElementType = "transport" | "storage" | "importExport" | "drive";

/** Element type codes on the wire (SMC-3 §6.11.2). */
export const ElementTypeCode = {
  transport: 1,
  storage: 2,
  importExport: 3,
  drive: 4,
} as const satisfies Readonly<Record<ElementType, number>>;

/** One of the codes of {@link ElementTypeCode}. */
export type ElementTypeCode = (typeof ElementTypeCode)[ElementType];

/** The types in the order of their codes. */
export const ELEMENT_TYPES: readonly ElementType[] = [
  "transport",
  "storage",
  "importExport",
  "drive",
];

/** The type with this code; `undefined` for one that SMC-3 does not have. */
export function elementTypeOf(code: number): ElementType | undefined {
  return ELEMENT_TYPES[code - 1];
}
