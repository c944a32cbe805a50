/**
 * Serial number arithmetic modulo 2^32 (RFC 1982, RFC 7143 §4.2.2.1).
 *
 * @module
 */

/** Whether `a` comes before `b`. */
export function serialLess(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** Whether `a` comes before `b` or is `b`. */
export function serialLessOrEqual(a: number, b: number): boolean {
  return ((a - b) | 0) <= 0;
}

/** `a` moved on by `count`. */
export function serialAdd(a: number, count: number): number {
  return (a + count) >>> 0;
}

/** How far `b` lies ahead of `a`; negative when it lies behind. */
export function serialDistance(a: number, b: number): number {
  return (b - a) | 0;
}
