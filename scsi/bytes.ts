/**
 * What programs without types hand over in the place of bytes.
 *
 * @module
 */

/** Whether a value is an array of bytes. One of another realm, as test runners have them, is no `instanceof` of ours. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && (value as Partial<Uint8Array>).BYTES_PER_ELEMENT === 1;
}

/** What a value is, in a word for an error: `string`, `null`, `Uint16Array`. */
export function typeName(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  return value.constructor?.name ?? "object";
}
