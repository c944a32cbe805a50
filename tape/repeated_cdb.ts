/**
 * The CDBs of a stream of commands, of which as a rule each is like the last.
 *
 * @module
 */

const NO_CDB = new Uint8Array(0);

/** Gives out the same array for as long as it is asked for the same: nobody modifies a CDB. */
export class RepeatedCdb {
  readonly #build: (fixed: boolean, length: number) => Uint8Array;
  #cdb: Uint8Array = NO_CDB;
  #fixed = false;
  #length = -1;

  constructor(build: (fixed: boolean, length: number) => Uint8Array) {
    this.#build = build;
  }

  /** The CDB that moves `length` blocks, or bytes of one record unless `fixed`. For reading only. */
  of(fixed: boolean, length: number): Uint8Array {
    if (fixed !== this.#fixed || length !== this.#length) {
      this.#cdb = this.#build(fixed, length);
      this.#fixed = fixed;
      this.#length = length;
    }
    return this.#cdb;
  }
}
