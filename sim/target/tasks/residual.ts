/**
 * Residual counts: what was expected against what there was (RFC 7143 §11.4.5).
 *
 * @module
 */

/** How far the expected data transfer length was from the mark; at most one flag is set. */
export interface Residual {
  /** O: `count` bytes more than expected were there. */
  readonly overflow: boolean;
  /** U: `count` bytes of those expected were not. */
  readonly underflow: boolean;
  /** Bytes. */
  readonly count: number;
}

/** Nothing too much, nothing too little. */
export const NO_RESIDUAL: Residual = { overflow: false, underflow: false, count: 0 };

/** Compares the initiator's `expected` length with the `actual` one of the command, both in bytes. */
export function residualOf(expected: number, actual: number): Residual {
  if (actual === expected) return NO_RESIDUAL;
  const overflow = actual > expected;
  return { overflow, underflow: !overflow, count: Math.abs(actual - expected) };
}
