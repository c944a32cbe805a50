/** READ(6) of one record, or of as many bytes as the test likes: a session looks at the operation code alone. */
export const READ: readonly number[] = [0x08, 0, 0, 0x10, 0, 0];
/** WRITE(6). */
export const WRITE: readonly number[] = [0x0a, 0, 0, 0x10, 0, 0];
/** REWIND: no data. */
export const REWIND: readonly number[] = [0x01, 0, 0, 0, 0, 0];

/** Bytes that tell their place. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index * 31 + (index >> 8) * 7 + 5);
}
