/**
 * Whether the numbers that READ POSITION gives can be trusted for finding back. Some drives always answer unknown; some count from another
 * base after some commands. So nothing is taken on faith: two answers, each given behind a READ or a write, must differ by just the
 * objects that went by between them.
 *
 * @module
 */

/**
 * A place that SPACE over blocks or LOCATE has led to. Before a filemark istgt does not know its place there: it takes the filemark for passed, tells of it
 * when it is read, and goes on behind the next one, a whole file further. Its numbers show it.
 */
interface Landing {
  readonly isAsked: boolean;
  readonly number: number | undefined;
}

/**
 * Whether a READ that met a filemark behind a landing has gone elsewhere than behind it. Some drives leave filemarks out of their numbers; a drive that gives
 * none any more tells nothing.
 */
export function isAstray(landing: number, here: number | undefined): boolean {
  return here !== undefined && here !== landing && here !== landing + 1;
}

const NOWHERE = -1;

/** Follows one run of READs and writes: everything from one motion of another kind to the next. */
export class PositionProof {
  #run = 0;
  #passed = 0;
  #place = 0;
  #anchor: { readonly number: number; readonly passed: number } | undefined;
  /** Between which places of this run its numbers hold: no filemark lies there that the drive may leave out of them. */
  #holdsFrom = 0;
  #holdsTo = NOWHERE;
  #isRefuted = false;
  #landing: Landing | undefined;
  /** What the drive has called a place of this run that a READ was to fail at, perhaps. */
  #named: { readonly number: number; readonly passed: number } | undefined;
  /** Whether the drive's numbers count filemarks, as far as that has been seen. */
  #countsMarks = false;
  /** Whether filemarks have gone by since the anchor. */
  #hasMarks = false;
  /** The drive had no number to give; it is not asked again. */
  #isMute = false;

  /** Whether the drive's numbers have kept step with the READs of this run. */
  get isProven(): boolean {
    return this.#holdsTo === Infinity;
  }

  /** Number of the present run. */
  get run(): number {
    return this.#run;
  }

  /** Stays the same as long as nothing moves the tape, and comes never again after that. */
  get place(): number {
    return this.#place;
  }

  /** How many more answers can make the proof. */
  get samplesWanted(): number {
    if (this.#isMute || this.isProven || this.#isRefuted) return 0;
    return this.#anchor === undefined ? 2 : 1;
  }

  /** Whether a filemark that goes by now would lie before the first answer, and nothing would show whether it is counted. */
  get wantsAnchor(): boolean {
    return !this.#countsMarks && this.samplesWanted === 2;
  }

  /** Whether one more answer shows that the filemarks which went by last are counted, or are not. */
  get wantsMarks(): boolean {
    return this.#hasMarks && this.samplesWanted > 0;
  }

  /** Whether the run begins at a {@link Landing}, and nothing has gone by since. */
  get isAtLanding(): boolean {
    return this.#landing !== undefined && this.#passed === 0;
  }

  /** Whether the drive has not yet been asked for the number of that place. */
  get wantsLanding(): boolean {
    return this.isAtLanding && !this.#landing!.isAsked && !this.#isMute;
  }

  /** The drive's number of the landing that one object at most has gone by behind; `undefined` where it gave none that others can be held against. */
  get landing(): number | undefined {
    return this.#passed <= 1 ? this.#landing?.number : undefined;
  }

  /** Whether a READ that fails here cannot be told from one that has moved the tape, unless the drive is asked for its number now. */
  get wantsName(): boolean {
    const isNamed = this.isAtLanding || this.isProven || this.#named?.passed === this.#passed;
    return !isNamed && !this.#isMute;
  }

  /** Whether nothing has gone by in this run. */
  get isAtStart(): boolean {
    return this.#passed === 0;
  }

  /** What the drive calls this place. That tells whether a READ that fails here moves the tape, and nothing else; 0, which some drives always say, not even that. */
  nameHere(number: number | undefined): void {
    this.#isMute ||= number === undefined;
    this.#named = number ? { number, passed: this.#passed } : undefined;
  }

  /** What the drive calls the place so many objects back from where the READs have brought the tape, as proven or as it has said there. */
  numberBefore(objects: number): number | undefined {
    const passed = this.#passed - objects;
    const said = this.#named?.passed === passed ? this.#named.number : undefined;
    return this.numberBehind(objects) ?? said ?? (passed === 0 ? this.#landing?.number : undefined);
  }

  /** SPACE over blocks or LOCATE has led here, or nobody knows what; the drive calls it `number`, if it was asked. */
  land(number?: number): void {
    this.startRun();
    this.#landing = { isAsked: number !== undefined, number };
  }

  /** What the drive calls the landing. 0 tells nothing: istgt's numbers go from 0 at the beginning to 2 behind the first object. */
  nameLanding(number: number | undefined): void {
    this.#isMute ||= number === undefined;
    this.#landing = { isAsked: true, number: number || undefined };
  }

  /** LOCATE by the drive's own numbers, and a READ, have led to where it says `number`: that proves as much as two READs do. */
  arrive(number: number): void {
    this.startRun();
    this.#anchor = { number, passed: 0 };
    this.#holdsTo = Infinity;
  }

  /** What the first READ has met is certain to be what stood there. */
  leaveLanding(): void {
    this.#landing = undefined;
  }

  /** The tape was moved by something else than a READ, or an error made its way uncertain; `passed` objects have gone by since. */
  startRun(passed = 0): void {
    this.#run++;
    this.#place++;
    this.#passed = passed;
    this.#anchor = undefined;
    this.#holdsFrom = passed;
    this.#holdsTo = NOWHERE;
    this.#isRefuted = this.#hasMarks = false;
    this.#landing = this.#named = undefined;
  }

  /** READs or writes moved the tape over so many records. */
  pass(objects: number): void {
    this.#passed += objects;
    this.#place += objects;
  }

  /** READs or writes moved the tape over so many filemarks. Some drives leave them out of their numbers. */
  passMarks(filemarks: number): void {
    if (filemarks === 0) return;
    if (this.isProven && !this.#countsMarks) this.#holdsTo = this.#passed;
    this.pass(filemarks);
    if (this.#countsMarks) return;
    if (this.#anchor === undefined) this.#holdsFrom = this.#passed;
    else this.#hasMarks = true;
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
      this.#isRefuted = number !== this.#anchor.number + this.#passed - this.#anchor.passed;
      if (this.#isRefuted) return;
      this.#holdsTo = Infinity;
      this.#countsMarks ||= this.#hasMarks;
    }
  }

  /** The number of the place so many objects back from where the READs have brought the tape; `undefined` without proof. */
  numberBehind(objects: number): number | undefined {
    const passed = this.#passed - objects;
    const holds = passed >= this.#holdsFrom && passed <= this.#holdsTo;
    if (!holds || this.#anchor === undefined) return undefined;
    return this.#anchor.number + passed - this.#anchor.passed;
  }
}
