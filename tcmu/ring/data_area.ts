/**
 * The data of a command in shared memory, in as many pieces as the kernel had room for.
 *
 * @module
 */

/** One piece, in bytes from the beginning of the memory. */
export interface DataArea {
  readonly offset: number;
  readonly length: number;
}

/** Bytes in all pieces together. */
export function areaBytes(areas: readonly DataArea[]): number {
  return areas.reduce((sum, { length }) => sum + length, 0);
}

/** Copies what is in the pieces to `into`, as far as it goes. */
export function gather(memory: Uint8Array, areas: readonly DataArea[], into: Uint8Array): void {
  let done = 0;
  for (const { offset, length } of areas) {
    const count = Math.min(length, into.length - done);
    into.set(memory.subarray(offset, offset + count), done);
    done += count;
  }
}

/** Copies `data` to the pieces, as far as they go; the number of bytes that found room. */
export function scatter(
  memory: Uint8Array,
  areas: readonly DataArea[],
  data: Uint8Array,
): number {
  let done = 0;
  for (const { offset, length } of areas) {
    const piece = data.subarray(done, done + length);
    memory.set(piece, offset);
    done += piece.length;
  }
  return done;
}

/** Fills the pieces with zeros. */
export function clear(memory: Uint8Array, areas: readonly DataArea[]): void {
  for (const { offset, length } of areas) memory.fill(0, offset, offset + length);
}
