/**
 * What the Data-Out buffers of one session may take together. Commands that do not fit wait in their order; R2Ts are
 * what lets a target make an initiator wait.
 *
 * @module
 */

/** A command that waits for its buffer. */
export interface MemoryClaim {
  readonly bytes: number;
  /** The bytes are the claim's, until they are given back. */
  granted(): void;
}

/** The budget of one session, in bytes. */
export class DataOutMemory {
  #free: number;
  #waiting: MemoryClaim[] = [];

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /** Grants the claim at once, or lets it wait behind the others. No claim may exceed the whole budget. */
  claim(claim: MemoryClaim): void {
    this.#waiting.push(claim);
    this.#grant();
  }

  /** A claim that was granted gives its bytes back. */
  release(claim: MemoryClaim): void {
    this.#free += claim.bytes;
    this.#grant();
  }

  /** Takes back a claim that waits; false when it does not wait, and has to be released instead. */
  cancel(claim: MemoryClaim): boolean {
    const index = this.#waiting.indexOf(claim);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    this.#grant();
    return true;
  }

  #grant(): void {
    while (this.#waiting.length > 0 && this.#waiting[0].bytes <= this.#free) {
      const claim = this.#waiting.shift()!;
      this.#free -= claim.bytes;
      claim.granted();
    }
  }
}
