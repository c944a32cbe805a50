/**
 * What the counts of a drive are to the cartridge in it: how much of them came since it was loaded, and how much goes
 * into the counts of its life.
 *
 * @module
 */

import type { MediumState } from "./medium.ts";
import type { CountName, TransferCounts } from "./transfer_counts.ts";

/** The counts that a cartridge has for life, and where it keeps them. */
const LIFETIME = [
  ["mediumBytesWritten", "bytesWritten"],
  ["mediumBytesRead", "bytesRead"],
  ["recordsWritten", "recordsWritten"],
  ["recordsRead", "recordsRead"],
  ["unrecoveredWrites", "unrecoveredWrites"],
  ["unrecoveredReads", "unrecoveredReads"],
  ["recoveredReads", "recoveredReads"],
  ["beginningPasses", "beginningPasses"],
  ["middlePasses", "middlePasses"],
] as const satisfies readonly (readonly [CountName, keyof MediumState])[];

type Snapshot = Record<CountName, number>;

/** The use of one cartridge by one drive. */
export class VolumeUse {
  readonly #counts: TransferCounts;
  /** What is in the life of the cartridge already. */
  #settled: Snapshot;
  #atLoad: Snapshot;

  constructor(counts: TransferCounts) {
    this.#counts = counts;
    this.#settled = snapshot(counts);
    this.#atLoad = snapshot(counts);
  }

  /** A cartridge was loaded: what was counted before was another's. */
  loaded(): void {
    this.#settled = snapshot(this.#counts);
    this.#atLoad = snapshot(this.#counts);
  }

  /** How much of a count came since the load. */
  sinceLoad(name: CountName): number {
    return this.#counts[name] - this.#atLoad[name];
  }

  /** What was counted since the last time goes into the life of the cartridge. */
  settle(state: MediumState): void {
    for (const [name, kept] of LIFETIME) {
      // Compression leaves parts of bytes.
      const now = Math.floor(this.#counts[name]);
      state[kept] = (state[kept] ?? 0) + now - this.#settled[name];
      this.#settled[name] = now;
    }
  }
}

function snapshot(counts: TransferCounts): Snapshot {
  const values: Snapshot = { ...counts };
  for (const [name] of LIFETIME) values[name] = Math.floor(values[name]);
  return values;
}
