/**
 * A random use of all that a drive can do with its tape, behind a link and on a drive with random faults, held against a model: what an operation that succeeds
 * says and does is what the model does, and what one that fails says is true.
 */

import assert from "node:assert/strict";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import { TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import { Random } from "../scsi/random.ts";
import { FeatureEvents } from "./feature_events.ts";
import { FeatureKeys } from "./feature_keys.ts";
import { FeatureLink } from "./feature_link.ts";
import { FeatureMotions } from "./feature_motions.ts";
import { FeatureReads } from "./feature_reads.ts";
import {
  drawSetting,
  type FeatureSetting,
  newCartridge,
  newDrive,
  openOptions,
  PARTITION_BYTES,
} from "./feature_setting.ts";
import { FeatureTruth } from "./feature_truth.ts";
import { CALLED_OFF, COMMON, type FeatureUse, type Operation } from "./feature_use.ts";
import { FeatureWrites } from "./feature_writes.ts";
import { VolumeModel } from "./volume_model.ts";

/** Behind these it is certain where the tape stands. */
const PLACING: ReadonlySet<Operation> = new Set(
  ["rewind", "endOfData", "locateEnd", "load", "unloadAndLoad"] as Operation[],
);

export class FeatureWalk implements FeatureUse {
  readonly random: Random;
  readonly setting: FeatureSetting;
  readonly sim: SimulatedDrive;
  readonly truth: FeatureTruth;
  readonly events: FeatureEvents;
  readonly trace: string[] = [];
  model: VolumeModel;
  link: FeatureLink;
  operations = 0;
  failures = 0;
  readonly keys: FeatureKeys = new FeatureKeys(this);
  cartridges = 1;
  #drive: TapeDrive | undefined;
  /** How much had happened when the last operation placed the tape. */
  #placedAt: number | undefined;
  /** How much had happened when the driver last knew for certain where the caller stands, as long as nothing has failed since. */
  #knownAt: number | undefined;
  readonly #reads: FeatureReads;
  readonly #writes: FeatureWrites;
  readonly #motions: FeatureMotions;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.setting = drawSetting(this.random);
    this.sim = newDrive(this.setting, newCartridge(this.setting, 0));
    this.model = new VolumeModel(this.setting.partitions);
    this.link = this.#newLink();
    this.truth = new FeatureTruth(this);
    this.#reads = new FeatureReads(this, this.truth);
    this.#writes = new FeatureWrites(this, this.truth);
    this.#motions = new FeatureMotions(this, this.truth);
    this.events = new FeatureEvents(this);
  }

  #newLink(): FeatureLink {
    return new FeatureLink(this.random, this.sim, this.setting);
  }

  get drive(): TapeDrive {
    return this.#drive!;
  }

  get attempted(): Uint8Array[] {
    return this.#writes.attempted;
  }

  get isPlaceKnown(): boolean {
    return this.#knownAt === this.events.count && this.link.isCalm;
  }

  has(theme: Parameters<FeatureSetting["themes"]["has"]>[0]): boolean {
    return this.setting.themes.has(theme);
  }

  note(what: string): void {
    this.trace.push(what);
    if (this.trace.length > 60) this.trace.shift();
  }

  async open(): Promise<void> {
    this.#drive = await TapeDrive.open(this.link, openOptions(this.setting));
    if (this.has("append-only")) await this.drive.setAppendOnly(true);
    if (this.has("full") && this.random.below(2) === 0) await this.drive.setEarlyWarning(1);
    if (this.has("fixed")) await this.#setBlockSize(20);
    await this.drive.rewind();
  }

  /** One operation, and perhaps a fault in it. */
  async step(): Promise<void> {
    this.operations++;
    if (this.random.below(this.setting.faultEvery) === 0) this.events.happen();
    const names = this.#operations();
    const name = names[this.random.below(names.length)];
    this.note(name);
    this.#writes.attempted = [];
    const caller = this.#caller();
    const isPlaced = this.#placedAt === this.events.count && this.link.isCalm;
    this.#placedAt = undefined;
    const { unanswered } = this.link;
    try {
      await this.#perform(name, caller);
      // What a command without an answer was told, a drive that does not tell where it stands cannot be asked.
      const isHeard = this.link.unanswered === unanswered || !this.setting.quirks.positionUnknown;
      const isCertain = PLACING.has(name) && !this.events.isUnheard && isHeard;
      if (isCertain) this.#placedAt = this.#knownAt = this.events.count;
      // What it has gone over the driver does not count.
      if (name === "verify") this.#knownAt = undefined;
    } catch (error) {
      this.#knownAt = undefined;
      if (error === CALLED_OFF) {
        this.note("! called off");
        return await this.truth.afterCallingOff(name);
      }
      if (!(error instanceof TapeError)) throw error;
      this.note(`! ${error.name}`);
      this.failures++;
      // Before a record without its key the tape is brought by motions that may be answered otherwise.
      const mayStep = this.has("encryption") && this.setting.trouble === "answers";
      const isKnown = isPlaced && name !== "allowOverwrite" && !mayStep;
      assert.ok(!isKnown || error.kind !== "position-lost", "nothing has moved the tape since");
      await this.truth.believe(error, name);
    }
  }

  #caller(): AbortSignal | undefined {
    if (this.random.below(Math.min(this.setting.callOffEvery, 1e9)) !== 0) return undefined;
    const controller = new AbortController();
    let turns = this.random.below(80);
    const count = () => {
      if (turns-- > 0) return void Promise.resolve().then(count);
      controller.abort(CALLED_OFF);
    };
    count();
    return controller.signal;
  }

  #operations(): Operation[] {
    const names: Operation[] = [...COMMON];
    if (this.has("partitions")) names.push("locatePartition", "locatePartition", "makePartitions");
    if (this.has("fixed")) names.push("setBlockSize", "blockSize");
    if (this.has("addresses")) names.push("readAt", "writeAt", "readReverse");
    if (this.has("encryption")) names.push("setKey", "setReadingKey", "clearKey");
    if (this.has("append-only")) names.push("allowOverwrite");
    if (this.has("exchange")) names.push("load", "unloadAndLoad");
    return names.filter((name) => this.#has(name));
  }

  #has(name: Operation): boolean {
    const { noLocate, missesFilemarkAfterMotion } = this.setting.quirks;
    if (name === "makePartitions") return !this.has("worm");
    if (name === "locate") return !noLocate;
    return name !== "verify" || !missesFilemarkAfterMotion;
  }

  async #perform(name: Operation, signal?: AbortSignal): Promise<void> {
    switch (name) {
      case "write":
        return await this.#writes.write(1 + this.random.below(6), signal);
      case "burst":
        return this.setting.writeBehind > 0
          ? await this.#writes.burst(2 + this.random.below(6), signal)
          : await this.#writes.write(1 + this.random.below(6), signal);
      case "filemarks":
        return await this.#writes.writeFilemarks(1 + this.random.below(2), signal);
      case "flush":
        await this.drive.flush({ signal });
        this.truth.flushed();
        return this.truth.compare();
      case "read":
        return await this.#reads.read(1 + this.random.below(6), signal);
      case "readInto":
        return await this.#reads.readInto(signal);
      case "records":
        return await this.#reads.records(signal);
      case "rewind":
        await this.drive.rewind({ signal });
        return this.truth.arrived(0);
      case "endOfData":
        await this.drive.space("end-of-data", 1, { signal });
        return this.truth.arrived(this.model.objects.length);
      case "blocks":
        return await this.#motions.overBlocks(signal);
      case "filemarksOver":
        return await this.#motions.overFilemarks(signal);
      case "locate":
        return await this.#motions.locate(signal);
      case "locateFile":
        return await this.#motions.locateFile(signal);
      case "locateEnd":
        await this.drive.locate("end-of-data", { signal });
        return this.truth.arrived(this.model.objects.length);
      case "locatePartition":
        return await this.#motions.locatePartition(signal);
      case "position":
        return await this.#motions.position(signal);
      case "erase":
        await this.drive.erase({ signal });
        this.truth.overwritten();
        this.model.objects.length = this.model.cursor;
        return this.truth.compare();
      case "verify":
        return await this.#reads.verify(signal);
      case "makePartitions":
        return await this.#makePartitions(signal);
      case "setBlockSize":
        return await this.#setBlockSize([0, 20, 20, 30][this.random.below(4)], signal);
      case "blockSize":
        return await this.#blockSize(signal);
      case "readAt":
        return await this.#reads.readAt(signal);
      case "writeAt":
        return await this.#writes.writeAt(signal);
      case "readReverse":
        return await this.#reads.readReverse(signal);
      case "setKey":
        return await this.keys.set(signal);
      case "setReadingKey":
        return await this.keys.setForReading(signal);
      case "clearKey":
        return await this.keys.clear(signal);
      case "allowOverwrite":
        return await this.drive.allowOverwrite("here", { signal });
      case "load":
        this.keys.doubt();
        await this.drive.load({ signal });
        return this.truth.loaded();
      case "unloadAndLoad":
        this.keys.doubt();
        await this.drive.unload({ signal });
        await this.drive.load();
        return this.truth.loaded();
      case "reopen":
        return await this.#reopen();
    }
  }

  async #makePartitions(signal?: AbortSignal): Promise<void> {
    if (this.random.below(4) > 0) return;
    const count = this.has("full") ? this.model.partitions.length : 1 + this.random.below(3);
    const isFull = this.has("full");
    const sizes = Array.from(
      { length: count },
      (_, at) => at === count - 1 ? "rest" as const : isFull ? PARTITION_BYTES : 1e9,
    );
    await this.drive.makePartitions(sizes, { signal });
    const { blockBytes } = this.model;
    this.model = new VolumeModel(count);
    this.model.blockBytes = blockBytes;
    this.truth.forget();
    this.truth.compare();
  }

  async #setBlockSize(bytes: number, signal?: AbortSignal): Promise<void> {
    await this.drive.setBlockSize(bytes, { signal });
    this.model.blockBytes = bytes;
  }

  /** Where others change it, the answer tells so. */
  async #blockSize(signal?: AbortSignal): Promise<void> {
    const bytes = await this.drive.blockSize({ signal });
    if (!this.events.isMovedByOthers) assert.equal(bytes, this.model.blockBytes);
    this.model.blockBytes = bytes;
  }

  /** Closes the drive, perhaps with work under way, and opens it again. */
  async #reopen(): Promise<void> {
    const { model } = this;
    const isBusy = this.random.below(2) === 0;
    const data = this.#writes.record();
    this.#writes.attempted = isBusy ? [data] : [];
    const write = isBusy ? this.drive.write(data) : undefined;
    const noted = write?.then((result) => this.#writes.wrote(data, result), (error) => error);
    const closing = this.drive.close();
    const failure = await noted;
    let error: unknown;
    await closing.catch((reason) => error = reason);
    assert.deepEqual(this.link.late, [], "nothing is sent after close()");
    const isDone = failure === undefined && error === undefined;
    // Who has nothing to send to the drive hears nothing of it.
    const isCertain = isDone && !this.events.isMovedByOthers;
    if (isDone && this.events.removed === undefined) this.truth.compare();
    const here = { partition: model.current, object: model.cursor };
    if (isCertain) assert.deepEqual(this.link.closedAt, here);
    await this.truth.openAgain(isCertain, failure ?? error);
  }

  /** A new drive on the same device, as the next process has it. */
  async openAnew(): Promise<void> {
    for (let tries = 0;; tries++) {
      this.events.release();
      this.link = this.#newLink();
      try {
        const options = { ...openOptions(this.setting), requireMedium: false };
        this.#drive = await TapeDrive.open(this.link, options);
        return;
      } catch (error) {
        await this.link.close();
        if (!(error instanceof TapeError) || tries > 20) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.link.heal();
    this.events.calmDown();
    await this.truth.resynchronize();
    await this.drive.close().catch((error) => {
      if (!(error instanceof TapeError) || this.setting.trouble !== "answers") throw error;
    });
    assert.deepEqual(this.link.late, []);
  }
}

/** Runs one walk of so many operations; an error names the seed and what was done last. */
export async function walkFeatures(seed: number, operations: number): Promise<FeatureWalk> {
  const walk = new FeatureWalk(seed);
  try {
    await walk.open();
    while (walk.operations < operations) await walk.step();
    await walk.close();
    return walk;
  } catch (cause) {
    const { themes, ...rest } = walk.setting;
    const setting = JSON.stringify({ themes: [...themes], ...rest });
    throw new Error(`seed ${seed}, ${setting}: ${walk.trace.slice(-25).join(", ")}`, { cause });
  }
}
