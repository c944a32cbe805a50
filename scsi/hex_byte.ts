/**
 * Bytes as the standards print them.
 *
 * @module
 */

/** Two upper-case hex digits. */
export function hexByte(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}
