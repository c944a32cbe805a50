/**
 * A random use of a drive behind a link with random faults, held against a model: what an operation that succeeds says and does is what the model does, and
 * what one that fails says is true.
 */

import assert from "node:assert/strict";
import { TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { FaultyLink } from "./faulty_link.ts";
import { type ModelObject, TapeModel } from "./tape_model.ts";
import { answerWrongly } from "./wrong_answers.ts";

/** How a walk is set up. */
export interface FaultyWalkOptions {
  readonly readAhead: number;
  readonly writeBehind: number;
  /** One fault in so many operations. */
  readonly faultEvery: number;
}

export class FaultyWalk {
  readonly random: Random;
  readonly link: FaultyLink;
  readonly model = new TapeModel();
  readonly trace: string[] = [];
  operations = 0;
  failures = 0;
  readonly #options: FaultyWalkOptions;
  /** An answer that is replaced takes a unit attention with it, so a drive does one or the other. */
  readonly #isResetting: boolean;
  /** Where in the model the record of each write stands. */
  readonly #places = new Map<number, number>();
  #drive: TapeDrive | undefined;

  /** Whether the drive takes a filemark for passed that a motion has led to. */
  readonly #missesFilemarks: boolean;

  constructor(seed: number, options: FaultyWalkOptions) {
    this.random = new Random(seed);
    this.#missesFilemarks = this.random.below(2) === 0;
    this.link = new FaultyLink(this.random, {
      quirks: { missesFilemarkAfterMotion: this.#missesFilemarks },
    });
    this.#options = options;
    this.#isResetting = this.random.below(2) === 0;
  }

  get drive(): TapeDrive {
    return this.#drive!;
  }

  async open(): Promise<void> {
    const { readAhead, writeBehind } = this.#options;
    const sleep = () => Promise.resolve();
    const options = { readAhead, writeBehind, sleep, recordBytesHint: 64 };
    this.#drive = await TapeDrive.open(this.link, options);
    await this.drive.rewind();
  }

  /** One operation, and perhaps a fault in it. */
  async step(): Promise<void> {
    this.operations++;
    if (this.random.below(this.#options.faultEvery) === 0) this.#fault();
    const name = OPERATIONS[this.random.below(OPERATIONS.length)];
    this.trace.push(name);
    if (this.trace.length > 40) this.trace.shift();
    const before = { objects: [...this.model.objects], cursor: this.model.cursor };
    try {
      await this.#perform(name);
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
      this.trace.push(`! ${error.name}`);
      this.failures++;
      await this.#believe(error, before);
    }
  }

  async close(): Promise<void> {
    this.link.left = this.link.untilTimeout = Infinity;
    await this.#resynchronize();
    await this.drive.close();
  }

  #fault(): void {
    const faults: Record<string, () => void> = {
      cut: () => this.link.left = 1 + this.random.below(12),
      timeout: () => this.link.untilTimeout = 1 + this.random.below(12),
      lie: () => this.link.lie = 1 + this.random.below(20) - 10,
      ...(this.#isResetting
        ? {
          reset: () => this.link.reset(),
          resetWhileLost: () => {
            this.link.cut();
            this.link.reset();
          },
          powerCycleWhileLost: () => {
            this.link.cut();
            this.link.powerCycle();
          },
        }
        : { answer: () => this.#inject() }),
    };
    const names = Object.keys(faults);
    const name = names[this.random.below(names.length)];
    this.trace.push(`* ${name}`);
    faults[name]();
  }

  #inject(): void {
    // Without its position nobody can know what a drive has missed.
    const toPosition = !this.#missesFilemarks;
    answerWrongly(this.link.sim.drive, this.random, { toPosition });
  }

  async #perform(name: Operation): Promise<void> {
    switch (name) {
      case "write":
        return await this.#write(1 + this.random.below(8));
      case "filemarks":
        return await this.#writeFilemarks(1 + this.random.below(2));
      case "flush":
        await this.drive.flush();
        return this.#compare();
      case "read":
        return await this.#read(1 + this.random.below(8));
      case "rewind":
        await this.drive.rewind();
        this.model.cursor = 0;
        return this.#compare();
      case "endOfData":
        await this.drive.space("end-of-data");
        this.model.cursor = this.model.objects.length;
        return this.#compare();
      case "blocks":
        return await this.#space("blocks", this.random.below(11) - 5);
      case "filemarksOver":
        return await this.#space("filemarks", this.random.below(5) - 2);
      case "locate":
        return await this.#locate();
      case "position":
        return await this.#position();
    }
  }

  async #write(count: number): Promise<void> {
    for (; count > 0; count--) {
      const record = this.random.bytes(1 + this.random.below(60));
      const { number } = await this.drive.write(record);
      this.#forgetFrom(this.model.cursor);
      this.#places.set(number, this.model.cursor);
      this.model.write(record);
    }
  }

  /** What stood there is written over. */
  #forgetFrom(place: number): void {
    for (const [number, other] of this.#places) if (other >= place) this.#places.delete(number);
  }

  async #writeFilemarks(count: number): Promise<void> {
    await this.drive.writeFilemarks(count);
    this.#forgetFrom(this.model.cursor);
    this.model.write(...Array.from({ length: count }, () => "filemark" as const));
    this.#compare();
  }

  async #read(times: number): Promise<void> {
    for (; times > 0; times--) {
      const result = await this.drive.read();
      const expected = this.model.read();
      const read = result.kind === "record" ? result.data : result.kind;
      assert.deepEqual(read, expected);
    }
  }

  async #space(what: "blocks" | "filemarks", count: number): Promise<void> {
    const { cursor } = this.model;
    const stop = what === "blocks"
      ? this.model.spaceBlocks(count, true)
      : this.model.spaceFilemarks(count);
    const after = this.model.cursor;
    this.model.cursor = cursor;
    try {
      await this.drive.space(what, count);
      assert.equal(stop, undefined);
    } catch (error) {
      if (!(error instanceof TapeError) || stop?.split(" ")[0] !== error.kind) throw error;
      if (error.name !== "SpaceStoppedError") throw error;
      assert.equal(`${error.kind} ${error.information}`, stop);
    }
    this.model.cursor = after;
    // At the beginning there is no number to tell by.
    if (this.#missesFilemarks && after === 0) await this.drive.rewind();
    // Over nothing no command is sent.
    if (count !== 0) this.#compare();
  }

  async #locate(): Promise<void> {
    const target = this.random.below(this.model.objects.length + 1);
    await this.drive.locate(target);
    this.model.cursor = target;
    this.#compare();
  }

  async #position(): Promise<void> {
    const { known, object } = await this.drive.position();
    if (known) assert.equal(object, this.model.cursor);
    // While the connection is lost it is told without asking the drive.
    if (!this.link.nexusLost) this.#compare();
  }

  /** Nothing is under way: the tape is what the model is. */
  #compare(): void {
    assert.deepEqual(this.#tape(), this.model.objects);
  }

  #tape(): ModelObject[] {
    return this.link.sim.drive.objects().map((object) =>
      object.kind === "filemark" ? "filemark" : object.data
    );
  }

  /** What an error says must be so; then the model takes over what is on the tape, and all begins anew from a certain place. */
  async #believe(
    error: TapeError,
    before: { readonly objects: readonly ModelObject[]; readonly cursor: number },
  ): Promise<void> {
    const tape = this.#tape();
    const kept = this.#keptBy(error, before.objects.length);
    assert.deepEqual(
      tape.slice(0, kept),
      this.model.objects.slice(0, kept),
      `${error.name}: ${error.message}: ${kept} objects are there`,
    );
    if (error.writes === undefined) {
      // Nothing was said of what was written, so nothing may be missing but the filemarks that this very operation was about.
      const isSame = tape.length === this.model.objects.length;
      assert.ok(isSame || this.trace.at(-2) === "filemarks", `${error.name}: ${error.message}`);
    }
    const wasAt = await this.#checkPlace(error);
    this.model.objects = tape;
    if (wasAt === undefined) await this.#resynchronize();
    else this.model.cursor = wasAt;
  }

  /** How many objects the tape has for certain, by what an error says. */
  #keptBy({ writes }: TapeError, otherwise: number): number {
    if (writes === undefined) return Math.min(otherwise, this.model.cursor);
    const place = (number: number) => this.#places.get(number);
    const isDoubtful = !writes.isCertain;
    const first = writes.unwritten[0]?.number;
    if (!isDoubtful && first !== undefined) return place(first) ?? this.model.cursor;
    if (!isDoubtful) return this.model.cursor;
    if (writes.durable === 0) return 0;
    let last = writes.durable - 1;
    while (last >= 0 && !this.#places.has(last)) last--;
    return last < 0 ? 0 : Math.min((place(last) ?? 0) + 1, this.model.cursor);
  }

  /** Where the error says so, the tape stands before the first record that is missing. */
  async #checkPlace(error: TapeError): Promise<number | undefined> {
    const { writes } = error;
    const [first] = writes?.unwritten ?? [];
    if (!writes?.isInPlace || first === undefined || this.random.below(2) === 0) return undefined;
    try {
      const { known, object, source } = await this.drive.position();
      if (!known || source !== "device") return undefined;
      const expected = this.#places.get(first.number);
      if (expected !== undefined) assert.equal(object, expected);
    } catch (another) {
      if (!(another instanceof TapeError)) throw another;
    }
    return undefined;
  }

  async #resynchronize(): Promise<void> {
    for (let tries = 0;; tries++) {
      try {
        await this.drive.rewind();
        break;
      } catch (error) {
        if (!(error instanceof TapeError) || tries > 30) throw error;
        // Before the rewind other records may have been found missing, and told.
        this.model.objects = this.#tape();
      }
    }
    this.model.cursor = 0;
    this.#places.clear();
    this.#compare();
  }
}

const OPERATIONS = [
  "write",
  "write",
  "write",
  "filemarks",
  "flush",
  "read",
  "read",
  "rewind",
  "endOfData",
  "blocks",
  "filemarksOver",
  "locate",
  "position",
] as const;

type Operation = typeof OPERATIONS[number];

/** Runs one walk of so many operations; an error names the seed and what was done last. */
export async function walkWithFaults(
  seed: number,
  operations: number,
  options: FaultyWalkOptions,
): Promise<FaultyWalk> {
  const walk = new FaultyWalk(seed, options);
  try {
    await walk.open();
    while (walk.operations < operations) await walk.step();
    await walk.close();
    return walk;
  } catch (cause) {
    const last = walk.trace.slice(-25).join(", ");
    throw new Error(`seed ${seed}, ${JSON.stringify(options)}: ${last}`, { cause });
  }
}
