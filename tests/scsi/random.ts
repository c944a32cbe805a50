/** A seeded source of random bytes (mulberry32), for tests that can be repeated. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to 2^32 - 1. */
  uint32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** 0 to `end` - 1. */
  below(end: number): number {
    return this.uint32() % end;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** A seed for this run, or the one in `SEED`, printed so that a failure can be repeated. */
export function seed(): number {
  const given = Deno.env.get("SEED");
  const value = given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(given);
  console.log(`SEED=${value}`);
  return value;
}
