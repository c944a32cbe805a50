/**
 * What hosts wrote into the memory of a cartridge, kept with the state of the medium.
 *
 * @module
 */

import type { MediumState, StoredAttribute } from "../medium.ts";

/** Volume coherency information (attribute 080Ch): LTFS writes 46h bytes, others may write more. */
export const MAX_COHERENCY_BYTES = 255;

const COHERENCY = 0x080c;
const BARCODE = 0x0806;
const BARCODE_BYTES = 32;

/** A value that a host wrote; `undefined` when there is none. The label of the cartridge is there until one writes another. */
export function storedValue(
  state: MediumState,
  id: number,
  partition: number,
): Uint8Array | undefined {
  const stored = state.attributes?.find((each) => each.id === id && each.partition === partition);
  if (stored !== undefined) return fromHex(stored.value);
  if (id !== BARCODE || state.barcode === undefined) return undefined;
  return new TextEncoder().encode(state.barcode.padEnd(BARCODE_BYTES)).subarray(0, BARCODE_BYTES);
}

/** Writes a value; an empty one removes it. */
export function storeValue(
  state: MediumState,
  attribute: Omit<StoredAttribute, "value">,
  value: Uint8Array,
): void {
  const { id, partition } = attribute;
  const others = (state.attributes ?? []).filter((each) =>
    each.id !== id || each.partition !== partition
  );
  state.attributes = value.length === 0
    ? others
    : [...others, { ...attribute, value: toHex(value) }];
}

/** Serial number of a cartridge: it follows from the label. */
export function mediumSerialNumber(barcode: string = ""): string {
  return `SIM${barcode.padEnd(7, "0")}`;
}

/** FORMAT MEDIUM makes what was said about the old partitions wrong. */
export function forgetCoherency(state: MediumState): void {
  state.attributes = state.attributes?.filter(({ id }) => id !== COHERENCY);
}

/** Bytes that the values take. */
export function usedMemory({ attributes = [] }: MediumState): number {
  return attributes.reduce((sum, { value }) => sum + value.length / 2, 0);
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(
    { length: text.length / 2 },
    (_, at) => Number.parseInt(text.slice(at * 2, at * 2 + 2), 16),
  );
}
