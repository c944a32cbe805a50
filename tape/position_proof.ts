/**
 * Whether the numbers that READ POSITION gives can be trusted for finding back. Some drives always answer unknown; some count from another
 * base after some commands. So nothing is taken on faith: two answers, each given behind a READ or a write, must differ by just the
 * objects that went by between them.
 *
 * @module
 */

/** Follows one run of READs and writes: everything from one motion of another kind to the next. */
export class PositionProof {
  #run = 0;
  #passed = 0;
  #anchor: { readonly number: number; readonly passed: number } | undefined;
  #isProven = false;
  #isRefuted = false;
  /** Asked behind a READ, the drive had no number to give; it is not asked again. */
  #isMute = false;

  /** Whether the drive's numbers have kept step with the READs of this run. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** Number of the present run. */
  get run(): number {
    return this.#run;
  }

  /** Objects that went by in this run. */
  get passed(): number {
    return this.#passed;
  }

  /** How many more answers can make the proof. */
  get samplesWanted(): number {
    if (this.#isMute || this.#isProven || this.#isRefuted) return 0;
    return this.#anchor === undefined ? 2 : 1;
  }

  /** The tape was moved by something else than a READ, or an error made its way uncertain; `passed` objects have gone by since. */
  startRun(passed = 0): void {
    this.#run++;
    this.#passed = passed;
    this.#anchor = undefined;
    this.#isProven = this.#isRefuted = false;
  }

  /** READs or writes moved the tape over so many objects. */
  pass(objects: number): void {
    this.#passed += objects;
  }

  /** The drive's number at this point of the run; `undefined` when it gave none. */
  sample(number: number | undefined): void {
    // Before the first READ of a run the number may be one of another base.
    if (this.#passed === 0) return;
    if (number === undefined) {
      this.#isMute = true;
    } else if (this.#anchor === undefined) {
      this.#anchor = { number, passed: this.#passed };
    } else if (this.#passed > this.#anchor.passed) {
      this.#isProven = number === this.#anchor.number + this.#passed - this.#anchor.passed;
      this.#isRefuted = !this.#isProven;
    }
  }

  /** The number of the place so many objects back from where the READs have brought the tape; `undefined` without proof. */
  numberBehind(objects: number): number | undefined {
    if (!this.#isProven || this.#anchor === undefined) return undefined;
    return this.#anchor.number + this.#passed - objects - this.#anchor.passed;
  }
}
