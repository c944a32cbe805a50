/** What is so, in a walk over the features of a drive: the tape against the model, and what an error says against both. */

import assert from "node:assert/strict";
import { breaksPosition } from "../../tape/conditions.ts";
import { TapeError } from "../../tape/errors.ts";
import { objectOf, WARNED_FROM } from "./feature_setting.ts";
import { FeatureTape } from "./feature_tape.ts";
import { CALLED_OFF, type FeatureUse, isRefusal, type Operation } from "./feature_use.ts";
import type { WriteResult } from "../../tape/write_result.ts";
import { VolumeModel } from "./volume_model.ts";
import { WriteAccount } from "./write_account.ts";

/** These take nothing away from the tape, and put nothing there. */
const QUIET: ReadonlySet<Operation> = new Set([
  ...["read", "readInto", "records", "position", "blockSize", "flush", "rewind", "endOfData"],
  ...["blocks", "filemarksOver", "locate", "locateFile", "locateEnd", "locatePartition"],
  ...["verify", "readAt", "readReverse", "setBlockSize", "allowOverwrite"],
  ...["setKey", "setReadingKey", "clearKey"],
  ...["load", "unloadAndLoad"],
] as Operation[]);

/** Called off, these leave the caller where he was. */
const STAYING: ReadonlySet<Operation> = new Set(
  ["read", "readInto", "records", "position", "blockSize"] as Operation[],
);

export class FeatureTruth {
  readonly #walk: FeatureUse;
  readonly #tape: FeatureTape;
  readonly #writes: WriteAccount;
  /** Whether the operation that failed may itself have taken records from the tape. */
  #isOwnDoing = false;
  /** Another host's key was told of, so that the place is lost, and a reset behind that is not told to who has not placed the tape since. */
  #isKeyNews = false;
  /** Where the operation that failed was to write, when that is not where the caller stood. */
  failedElsewhere: { readonly partition: number; readonly object: number } | undefined;

  constructor(walk: FeatureUse) {
    this.#walk = walk;
    this.#tape = new FeatureTape(walk);
    this.#writes = new WriteAccount(walk);
  }

  /** A write has succeeded. */
  written(number: number, data: Uint8Array): void {
    const { model } = this.#walk;
    const at = model.cursor;
    this.#writes.written(number, data);
    this.#tape.wrote(model.objects.slice(at));
  }

  /** The number of the key that the record where the caller stands is encrypted with. */
  sealHere(): number | undefined {
    const { current, cursor } = this.#walk.model;
    return this.#tape.sealAt(current, cursor);
  }

  /** A record was refused for want of its key: the caller stands before it. Where the driver did not know the place, the drive says whether the READ has passed it. */
  async refused(): Promise<void> {
    const { drive, model, isPlaceKnown, setting: { quirks, passesSealed } } = this.#walk;
    if (!passesSealed || (isPlaceKnown && !quirks.positionUnknown)) return;
    const position = await drive.position();
    if (!position.known || position.source !== "device") return await this.resynchronize();
    const object = objectOf(position, quirks)!;
    assert.ok(object === model.cursor || object === model.cursor + 1, "it stands at the record");
    model.cursor = object;
  }

  /** What stood where the caller stands is gone. */
  overwritten(): void {
    this.#writes.overwritten();
  }

  /** Early warning is told of where the tape stands in it, and nowhere else; one answer tells of the programmable one instead. */
  warned({ earlyWarning, programmableEarlyWarning }: WriteResult): void {
    const { setting, sim } = this.#walk;
    const { themes, writeBehind, trouble, quirks } = setting;
    // Without a code the one is told as the other.
    if (!themes.has("full") || trouble !== "none" || quirks.flagsWithoutAsc) return;
    if (writeBehind > 0) return;
    const { partition, object } = sim.position!;
    const isNear = sim.medium!.partitions[partition].bytesBefore(object) >= WARNED_FROM;
    if (isNear) assert.ok(earlyWarning || programmableEarlyWarning, "early warning is told");
    else assert.ok(!earlyWarning, "there is no early warning here");
  }

  wroteMarks(count: number): void {
    this.overwritten();
    this.#walk.model.tape.write(...Array.from({ length: count }, () => "filemark" as const));
  }

  flushed(): void {
    const { events } = this.#walk;
    assert.ok(!events.isPreempted || events.isUnheard, "nobody has told of the lost reservation");
    this.#writes.flushed();
  }

  /** Nothing of what was written is there any more. */
  forget(): void {
    this.#writes.forget();
  }

  /** Whoever loads a tape need not be told that it is another. */
  loaded(): void {
    const { events, model } = this.#walk;
    if (events.removed !== undefined) this.#adopt();
    model.go(0, 0);
    this.compare();
  }

  /** A motion has led here, for certain. */
  arrived(object: number, partition?: number): void {
    this.#isKeyNews = false;
    this.#walk.model.go(object, partition);
    this.compare();
  }

  /** Nothing is under way: the tape is what the model is. */
  compare(): void {
    const { model, events } = this.#walk;
    if (events.isUnheard) return;
    assert.equal(events.removed, undefined, "nobody has told that the cartridge is another");
    const tape = this.#tape.read();
    assert.equal(tape.length, model.partitions.length);
    model.partitions.forEach(({ objects }, partition) => {
      this.#tape.compare(tape[partition], objects, `partition ${partition}`);
    });
  }

  /** What an error says must be so; then the model takes over what is on the tape. */
  async believe(error: TapeError, name: Operation): Promise<void> {
    const walk = this.#walk;
    if (breaksPosition(error.kind)) walk.events.isPreempted = false;
    const elsewhere = this.failedElsewhere;
    this.failedElsewhere = undefined;
    this.#isKeyNews ||= error.kind === "encryption";
    if (name === "makePartitions") return await this.#startAnew();
    this.#isOwnDoing = !QUIET.has(name) || elsewhere !== undefined;
    const tape = this.#tape.read();
    const message = `${name}: ${error.name}: ${error.message}`;
    this.#checkPosition(error, name, message);
    this.#writes.check(error.writes, message);
    const { model } = walk;
    const isQuiet = QUIET.has(name) || isRefusal(error);
    model.partitions.forEach(({ objects }, partition) => {
      let kept = objects.length;
      if (partition === model.current) {
        kept = this.#writes.kept(error.writes, isQuiet || elsewhere !== undefined);
      }
      if (elsewhere?.partition === partition) kept = Math.min(kept, elsewhere.object);
      if (this.#mayStray(error, partition)) kept = 0;
      this.#tape.compare(
        tape[partition].slice(0, kept),
        objects.slice(0, kept),
        `${message}: ${kept} objects are there in partition ${partition}`,
      );
      if (isQuiet && error.writes === undefined && kept > 0) {
        assert.equal(tape[partition].length, objects.length, `${message}: nothing is gone`);
      }
    });
    // Of what a READ ahead was told, others behind it have been executed.
    const isReading = name === "read" || name === "readInto" || name === "records";
    if (breaksPosition(error.kind) && !isReading && walk.random.below(2) === 0) {
      this.#adopt();
      await this.#readOn();
    }
    await this.#goOn(error);
  }

  /** What follows a write in which a reset was told lands where the reset has brought the tape. */
  #mayStray({ writes }: TapeError, partition: number): boolean {
    const { writeBehind, trouble, themes } = this.#walk.setting;
    const mayReset = trouble.includes("reset") || themes.has("exclusive");
    const isTold = writes !== undefined && writes.durable === 0;
    return writeBehind > 0 && mayReset && partition === 0 && isTold;
  }

  #checkPosition(error: TapeError, name: Operation, message: string): void {
    const { position, writes, kind } = error;
    // Whatever it is, the drive has told where it stands since it was reset.
    if (kind === "reset" || kind === "medium-changed" || kind === "reservation-preempted") return;
    if (kind === "not-ready" || this.#walk.setting.trouble === "answers") return;
    if (this.#isKeyNews && this.#walk.setting.trouble.includes("reset")) return;
    // These may have gone a part of the way; and of what has no answer, where it has gone is not known.
    if (name === "blocks" || name === "locateFile" || kind === "transport-lost") return;
    if (position?.known !== true || !QUIET.has(name) || writes !== undefined) return;
    const { model } = this.#walk;
    if (["load", "unloadAndLoad", "readAt", "readReverse"].includes(name)) return;
    assert.equal(position.object, model.cursor, `${message}: position`);
    assert.equal(position.partition, model.current, `${message}: partition`);
  }

  /** From where the caller is said to be, or from a certain place. */
  async #goOn({ writes }: TapeError): Promise<void> {
    const { random, setting } = this.#walk;
    this.#adopt();
    this.#isOwnDoing = false;
    const [first] = writes?.unwritten ?? [];
    const from = first === undefined ? undefined : this.#writes.beginningOf(first.number);
    // What may be lost is on the tape for certain only behind a motion; some drives space right only from where the driver knows them to be.
    const isAnew = writes?.isCertain === false || setting.quirks.spaceShortAfterRewind === true;
    if (isAnew || random.below(2) === 0) return await this.resynchronize();
    try {
      this.#walk.model.blockBytes = await this.#walk.drive.blockSize();
      const position = await this.#walk.drive.position();
      const { known, partition, source } = position;
      const object = objectOf(position, setting.quirks);
      if (writes?.isInPlace && known && from !== undefined && setting.readAhead === 0) {
        assert.ok(object! >= from, "the tape stands where the first record is missing");
      }
      if (!known || source !== "device") return await this.resynchronize();
      this.#adopt();
      const { objects } = this.#walk.model.partitions[partition];
      assert.ok(object! <= objects.length, "the tape stands on the tape");
      this.#walk.model.go(object!, partition);
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
      this.#hear(error);
      await this.resynchronize();
    }
  }

  /** Behind a lost position reads go on where the tape stands, and bring nothing from before. */
  async #readOn(): Promise<void> {
    const { drive, sim, setting, link, model, events } = this.#walk;
    const isFixed = setting.themes.has("fixed") || model.blockBytes > 0;
    if (isFixed || setting.quirks.missesFilemarkAfterMotion || sim.position === undefined) return;
    link.heal();
    events.release();
    const { partition, object } = sim.position;
    const expected = this.#tape.read()[partition][object] ?? "end-of-data";
    try {
      const result = await drive.read();
      assert.deepEqual(result.kind === "record" ? result.data : result.kind, expected);
    } catch (error) {
      if (!(error instanceof TapeError)) throw error;
      this.#hear(error);
    }
  }

  /** On the way to a certain place other records may have been found missing, and told. */
  #hear({ writes, kind }: TapeError): void {
    if (breaksPosition(kind)) this.#walk.events.isPreempted = false;
    this.#writes.told(writes);
  }

  /** The model is what the tape is. */
  #adopt(): void {
    const walk = this.#walk;
    const { model, events } = walk;
    if (events.removed !== undefined) {
      events.removed = undefined;
      this.forget();
      model.partitions.forEach((tape) => tape.objects = []);
    }
    const tape = this.#tape.read();
    if (tape.length !== model.partitions.length) return this.#replaceModel();
    tape.forEach((objects, partition) => {
      model.partitions[partition].objects = objects;
      model.partitions[partition].cursor = Math.min(
        model.partitions[partition].cursor,
        objects.length,
      );
    });
    this.#writes.adopt(tape, this.#isOwnDoing);
  }

  #replaceModel(): void {
    const walk = this.#walk;
    const fresh = new VolumeModel(walk.sim.medium!.partitions.length);
    fresh.blockBytes = walk.model.blockBytes;
    walk.model = fresh;
    this.forget();
    const tape = this.#tape.read();
    tape.forEach((objects, partition) => fresh.partitions[partition].objects = objects);
  }

  async #startAnew(): Promise<void> {
    this.forget();
    this.#replaceModel();
    await this.resynchronize();
  }

  /** An operation was called off: it was done, or in part, or not at all, and nothing else has happened. */
  async afterCallingOff(name: Operation): Promise<void> {
    const elsewhere = this.failedElsewhere;
    if (STAYING.has(name)) return;
    // The error that says what became of the writes before is the caller's own.
    this.#writes.unheard();
    this.#isOwnDoing = !QUIET.has(name);
    if (name === "makePartitions") {
      this.failedElsewhere = undefined;
      const failure = await this.#settle();
      if (failure !== undefined) this.#hear(failure);
      return await this.#startAnew();
    }
    const failure = await this.#settle();
    if (failure !== undefined) return await this.believe(failure, name);
    this.failedElsewhere = undefined;
    const { model } = this.#walk;
    const tape = this.#tape.read();
    const where = elsewhere ?? { partition: model.current, object: model.cursor };
    model.partitions.forEach(({ objects }, partition) => {
      const isTouched = !QUIET.has(name) && partition === where.partition;
      const kept = isTouched ? where.object : objects.length;
      this.#tape.compare(
        tape[partition].slice(0, kept),
        objects.slice(0, kept),
        `${name} called off`,
      );
      const isWhole = isTouched || tape[partition].length === objects.length;
      assert.ok(isWhole, `${name} called off: nothing is gone`);
    });
    await this.resynchronize();
  }

  async #settle(): Promise<TapeError | undefined> {
    try {
      await this.#walk.drive.flush();
    } catch (error) {
      if (error instanceof TapeError) return error;
      throw error;
    }
  }

  /** To a certain place, over whatever there is to be heard before. */
  async resynchronize(): Promise<void> {
    const walk = this.#walk;
    for (let tries = 0;; tries++) {
      try {
        await this.#place();
        // Nothing is done to the drive any more until it is where it is to be.
        walk.link.interruption = undefined;
        walk.events.release();
        if (walk.sim.position !== undefined) break;
      } catch (error) {
        if (!(error instanceof TapeError) || error === CALLED_OFF || tries > 40) throw error;
        if (error.kind === "not-ready") await walk.drive.load().catch(() => {});
        this.#hear(error);
        this.#adopt();
      }
    }
    this.#adopt();
    walk.model.blockBytes = await this.#blockBytes();
    walk.model.go(0, walk.sim.position!.partition);
    this.#isKeyNews = false;
    this.#writes.forgetPlaces();
    this.#isOwnDoing = false;
    this.compare();
  }

  async #place(): Promise<void> {
    const { drive, random, model } = this.#walk;
    const isDivided = model.partitions.length > 1 && random.below(2) === 0;
    if (isDivided) await drive.setPartition(random.below(model.partitions.length));
    else await drive.rewind();
  }

  async #blockBytes(): Promise<number> {
    for (let tries = 0;; tries++) {
      try {
        return await this.#walk.drive.blockSize();
      } catch (error) {
        if (!(error instanceof TapeError) || tries > 40) throw error;
        this.#hear(error);
        await this.#walk.drive.rewind().catch(() => {});
        this.#adopt();
      }
    }
  }

  /** The drive was closed: what is on the tape then, by what that said; and on with another. */
  async openAgain(isCertain: boolean, error: unknown): Promise<void> {
    const walk = this.#walk;
    if (error !== undefined) {
      if (!(error instanceof TapeError)) throw error;
      this.#isOwnDoing = true;
      const tape = this.#tape.read();
      const { model } = walk;
      model.partitions.forEach(({ objects }, partition) => {
        const isHere = partition === model.current;
        let kept = isHere ? this.#writes.kept(error.writes, false) : objects.length;
        if (this.#mayStray(error, partition)) kept = 0;
        const message = `close(): ${error.message}: ${kept} objects are there`;
        this.#tape.compare(tape[partition].slice(0, kept), objects.slice(0, kept), message);
      });
    }
    this.#writes.restart();
    walk.events.isPreempted = false;
    await walk.openAnew();
    this.#adopt();
    // The drive has the key still; the driver does not answer for it.
    walk.keys.writing = undefined;
    if (!isCertain) await this.resynchronize();
  }
}
