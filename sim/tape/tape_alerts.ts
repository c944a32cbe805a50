/**
 * TapeAlert flags (SSC-4 §4.2.20, annex A).
 *
 * @module
 */

import type { Nexus } from "../device_server.ts";

/** Flags 1 to 64. */
export const TAPE_ALERT_FLAGS = 64;

/** Numbers of the flags that the drive itself raises. */
export const TapeAlert = {
  HardError: 3,
  ReadFailure: 5,
  WriteFailure: 6,
  WriteProtect: 9,
  NoRemoval: 10,
  UnsupportedFormat: 12,
  ReadOnlyFormat: 17,
  CleaningRequired: 20,
  CleaningRequested: 21,
  WormOverwriteAttempted: 60,
} as const;

/** Flags about the cartridge: they go when it does. */
const ABOUT_CARTRIDGE: ReadonlySet<number> = new Set([
  ...Array.from({ length: 19 }, (_, index) => index + 1),
  ...[49, 50, 51, 52, 53, 54, 55, 59, 60, 61],
]);

/** The flags of one drive. Reading lowers a flag for the nexus that reads, until it is raised again. */
export class TapeAlerts {
  readonly #raised = new Set<number>();
  readonly #seen = new Map<Nexus, Set<number>>();
  /** Flags that stay until their cause is gone, however often they are read. */
  readonly #lasting = new Set<number>();
  readonly #onRaise: () => void;

  /** `onRaise` is told when a flag goes up that was down, or that somebody has seen since. */
  constructor(onRaise: () => void = () => {}) {
    this.#onRaise = onRaise;
  }

  /** Raises a flag for every nexus; with `whileCauseLasts` until {@linkcode lower}. */
  raise(flag: number, whileCauseLasts: boolean = false): void {
    const isNews = !this.#raised.has(flag) ||
      [...this.#seen.values()].some((seen) => seen.has(flag));
    this.#raised.add(flag);
    if (whileCauseLasts) this.#lasting.add(flag);
    for (const seen of this.#seen.values()) seen.delete(flag);
    if (isNews) this.#onRaise();
  }

  /** Lowers a flag: its cause is gone. */
  lower(flag: number): void {
    this.#raised.delete(flag);
    this.#lasting.delete(flag);
  }

  /** The flags that are up for a nexus, ascending; they stay up. */
  peek(nexus: Nexus): number[] {
    const seen = this.#seen.get(nexus);
    return [...this.#raised].filter((flag) => !seen?.has(flag)).sort((a, b) => a - b);
  }

  /** All flags that were raised and not lowered, in 64 bits, flag 1 first. */
  get bits(): Uint8Array {
    return bitsOf(this.#raised);
  }

  /** The flags that are up for a nexus, which has seen them now. */
  read(nexus: Nexus): number[] {
    const flags = this.peek(nexus);
    const seen = this.#seen.get(nexus) ?? new Set();
    for (const flag of flags) if (!this.#lasting.has(flag)) seen.add(flag);
    this.#seen.set(nexus, seen);
    return flags;
  }

  /** The cartridge is gone, and what was said about it. */
  cartridgeGone(): void {
    for (const flag of ABOUT_CARTRIDGE) this.#raised.delete(flag);
  }

  /** A nexus is gone. */
  forget(nexus: Nexus): void {
    this.#seen.delete(nexus);
  }

  /** All flags down, as after power on. */
  clear(): void {
    this.#raised.clear();
    this.#lasting.clear();
    this.#seen.clear();
  }
}

/** Flags in 64 bits, flag 1 first. The array is the caller's. */
export function bitsOf(flags: Iterable<number>): Uint8Array {
  const bits = new Uint8Array(TAPE_ALERT_FLAGS / 8);
  for (const flag of flags) bits[(flag - 1) >> 3] |= 0x80 >> ((flag - 1) & 7);
  return bits;
}
