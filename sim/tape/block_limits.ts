/**
 * Which record lengths a drive takes (SSC-4 §7.7, READ BLOCK LIMITS).
 *
 * @module
 */

/** The answer to READ BLOCK LIMITS. */
export interface BlockLimits {
  /** Lengths are multiples of two to this power, less the minimum. 0 to 31. */
  readonly granularityExponent: number;
  /** Shortest record in bytes, 1 to 65535. */
  readonly minBytes: number;
  /** Longest record in bytes, at most 16777215. */
  readonly maxBytes: number;
}

/** Whether a record of `bytes` is within the limits. */
export function allowsLength(limits: BlockLimits, bytes: number): boolean {
  const { granularityExponent, minBytes, maxBytes } = limits;
  return bytes >= minBytes && bytes <= maxBytes &&
    (bytes - minBytes) % 2 ** granularityExponent === 0;
}
