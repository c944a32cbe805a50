/**
 * How many bytes one command may move.
 *
 * @module
 */

/** Most bytes that one command moves: a fixed transfer of 2^24 blocks of 16 MiB would be more than a host has. */
export const MAX_TRANSFER_BYTES = 256 * 1024 * 1024;

/** The first `allocationLength` bytes of an answer (SPC-5 §4.2.5.6). */
export function cutToAllocation(data: Uint8Array, allocationLength: number): Uint8Array {
  return data.length <= allocationLength ? data : data.subarray(0, allocationLength);
}
