/**
 * A random use of all that a drive can do with its tape, behind a link and on a drive with random faults, held against a model: what an operation that succeeds
 * says and does is what the model does, and what one that fails says is true.
 */

import assert from "node:assert/strict";
import type { SimulatedDrive } from "../../sim/tape/drive.ts";
import { TapeError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import type { WriteResult } from "../../tape/write_result.ts";
import { Random } from "../scsi/random.ts";
import { FeatureEvents } from "./feature_events.ts";
import { FeatureLink } from "./feature_link.ts";
import {
  drawSetting,
  type FeatureSetting,
  newCartridge,
  newDrive,
  numberOf,
  objectOf,
  openOptions,
  PARTITION_BYTES,
  WALK_KEY,
} from "./feature_setting.ts";
import { FeatureTruth } from "./feature_truth.ts";
import { CALLED_OFF, COMMON, type FeatureUse, type Operation } from "./feature_use.ts";
import type { ModelObject } from "./tape_model.ts";
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
  /** Whether what is written is encrypted. */
  isEncrypting = false;
  cartridges = 1;
  #drive: TapeDrive | undefined;
  /** How much had happened when the last operation placed the tape. */
  #placedAt: number | undefined;
  /** What is being written, for who looks at what came of it. */
  attempted: Uint8Array[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.setting = drawSetting(this.random);
    this.sim = newDrive(this.setting, newCartridge(this.setting, 0));
    this.model = new VolumeModel(this.setting.partitions);
    this.link = this.#newLink();
    this.truth = new FeatureTruth(this);
    this.events = new FeatureEvents(this);
  }

  #newLink(): FeatureLink {
    return new FeatureLink(this.random, this.sim, this.setting.hasShortPosition);
  }

  get drive(): TapeDrive {
    return this.#drive!;
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
    this.attempted = [];
    const caller = this.#caller();
    const isPlaced = this.#placedAt === this.events.count && this.link.isCalm;
    this.#placedAt = undefined;
    const { unanswered } = this.link;
    try {
      await this.#perform(name, caller);
      // What a command without an answer was told, a drive that does not tell where it stands cannot be asked.
      const isHeard = this.link.unanswered === unanswered || !this.setting.quirks.positionUnknown;
      const isCertain = PLACING.has(name) && !this.events.isUnheard && isHeard;
      if (isCertain) this.#placedAt = this.events.count;
    } catch (error) {
      if (error === CALLED_OFF) {
        this.note("! called off");
        return await this.truth.afterCallingOff(name);
      }
      if (!(error instanceof TapeError)) throw error;
      this.note(`! ${error.name}`);
      this.failures++;
      const isKnown = isPlaced && name !== "allowOverwrite";
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
    if (this.has("encryption")) names.push("setKey", "clearKey");
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
        return await this.#write(1 + this.random.below(6), signal);
      case "burst":
        return this.setting.writeBehind > 0
          ? await this.#burst(2 + this.random.below(6), signal)
          : await this.#write(1 + this.random.below(6), signal);
      case "filemarks":
        return await this.#writeFilemarks(1 + this.random.below(2), signal);
      case "flush":
        await this.drive.flush({ signal });
        this.truth.flushed();
        return this.truth.compare();
      case "read":
        return await this.#read(1 + this.random.below(6), signal);
      case "readInto":
        return await this.#readInto(signal);
      case "records":
        return await this.#records(signal);
      case "rewind":
        await this.drive.rewind({ signal });
        return this.#arrive(0);
      case "endOfData":
        await this.drive.space("end-of-data", 1, { signal });
        return this.#arrive(this.model.objects.length);
      case "blocks":
        return await this.#space("blocks", this.random.below(11) - 5, signal);
      case "filemarksOver":
        return await this.#space("filemarks", this.#filemarkCount(), signal);
      case "locate":
        return await this.#locate(signal);
      case "locateFile":
        return await this.#locateFile(signal);
      case "locateEnd":
        await this.drive.locate("end-of-data", { signal });
        return this.#arrive(this.model.objects.length);
      case "locatePartition":
        return await this.#locatePartition(signal);
      case "position":
        return await this.#position(signal);
      case "erase":
        await this.drive.erase({ signal });
        this.truth.overwritten();
        this.model.objects.length = this.model.cursor;
        return this.truth.compare();
      case "verify":
        return await this.#verify(signal);
      case "makePartitions":
        return await this.#makePartitions(signal);
      case "setBlockSize":
        return await this.#setBlockSize([0, 20, 20, 30][this.random.below(4)], signal);
      case "blockSize":
        return await this.#blockSize(signal);
      case "readAt":
        return await this.#readAt(signal);
      case "writeAt":
        return await this.#writeAt(signal);
      case "readReverse":
        return await this.#readReverse(signal);
      case "setKey":
        await this.drive.encryption.set({ key: WALK_KEY, signal });
        this.isEncrypting = true;
        return;
      case "clearKey":
        // What is encrypted on the tape is read all the same.
        await this.drive.encryption.set({
          key: WALK_KEY,
          encrypt: false,
          signal,
        });
        this.isEncrypting = false;
        return;
      case "allowOverwrite":
        return await this.drive.allowOverwrite("here", { signal });
      case "load":
        await this.drive.load({ signal });
        return this.truth.loaded();
      case "unloadAndLoad":
        await this.drive.unload({ signal });
        await this.drive.load();
        return this.truth.loaded();
      case "reopen":
        return await this.#reopen();
    }
  }

  record(): Uint8Array {
    const { blockBytes } = this.model;
    if (blockBytes > 0) return this.random.bytes(blockBytes * (1 + this.random.below(4)));
    const isLong = this.random.below(12) === 0;
    return this.random.bytes(1 + this.random.below(isLong ? 200 : 50));
  }

  async #write(count: number, signal?: AbortSignal): Promise<void> {
    for (; count > 0; count--) {
      const data = this.record();
      this.attempted = [data];
      const result = await this.drive.write(data, { signal });
      this.#wrote(data, result);
    }
  }

  #wrote(data: Uint8Array, result: WriteResult): void {
    this.truth.written(result.number, data);
    this.truth.warned(result);
    this.attempted = this.attempted.filter((each) => each !== data);
  }

  /** Several that do not wait for one another. */
  async #burst(count: number, signal?: AbortSignal): Promise<void> {
    const all = Array.from({ length: count }, () => this.record());
    this.attempted = [...all];
    const results = await Promise.allSettled(
      all.map((data) => this.drive.write(data, { signal })),
    );
    let failure: { readonly reason: unknown } | undefined;
    results.forEach((result, at) => {
      if (result.status === "fulfilled") {
        assert.ok(failure === undefined || signal?.aborted, "no write goes on behind a failed one");
        this.#wrote(all[at], result.value);
      } else {
        const { reason } = result;
        failure ??= { reason };
        if (reason !== CALLED_OFF && !(reason instanceof TapeError)) throw reason;
      }
    });
    if (failure !== undefined) throw failure.reason;
  }

  async #writeFilemarks(count: number, signal?: AbortSignal): Promise<void> {
    const immediate = this.random.below(2) === 0;
    const result = await this.drive.writeFilemarks(count, { immediate, signal });
    this.truth.wroteMarks(count);
    this.truth.warned(result);
    if (!immediate) this.truth.flushed();
    if (!immediate || !this.#mayTellLater) this.truth.compare();
  }

  /** What the drive could not write out to make room in its buffer it tells the next command. */
  get #mayTellLater(): boolean {
    return this.has("bad-blocks") && this.setting.bufferBytes > 0;
  }

  async #read(times: number, signal?: AbortSignal): Promise<void> {
    for (; times > 0; times--) {
      await this.#expectRead((expected) =>
        this.drive.read({ signal }).then((result) => {
          assert.deepEqual(result.kind === "record" ? result.data : result.kind, expected);
        })
      );
    }
  }

  /** What the model reads next is what `read` is to bring; without success the caller stays. */
  async #expectRead(
    read: (expected: ModelObject | "end-of-data") => Promise<void>,
  ): Promise<boolean> {
    const { cursor } = this.model;
    const expected = this.model.read();
    const after = this.model.cursor;
    this.model.cursor = cursor;
    if (expected !== "incorrect-length") {
      await read(expected);
    } else {
      try {
        await read("filemark");
        assert.fail("a block of another length was read");
      } catch (error) {
        if (!(error instanceof TapeError) || error.kind !== "incorrect-length") throw error;
      }
    }
    this.model.cursor = after;
    return expected !== "incorrect-length";
  }

  async #readInto(signal?: AbortSignal): Promise<void> {
    const { blockBytes } = this.model;
    const buffer = new Uint8Array(blockBytes > 0 ? blockBytes * 3 + 7 : 1 + this.random.below(80));
    await this.#expectRead(async (expected) => {
      if (blockBytes === 0 && expected instanceof Uint8Array && expected.length > buffer.length) {
        const { cursor } = this.model;
        await this.drive.readInto(buffer, { signal }).then(
          () => assert.fail("a record was read into too little room"),
          (error) => {
            if (!(error instanceof TapeError) || error.kind !== "record-too-large") throw error;
          },
        );
        const whole = await this.drive.read({ signal });
        assert.deepEqual(whole.kind === "record" && whole.data, expected);
        this.model.cursor = cursor;
        return;
      }
      const result = await this.drive.readInto(buffer, { signal });
      if (result.kind !== "record") return assert.equal(result.kind, expected);
      const first = blockBytes || result.length;
      assert.deepEqual(buffer.slice(0, first), expected);
      for (let at = first; at < result.length; at += blockBytes) {
        this.model.cursor++;
        const block = this.model.objects[this.model.cursor];
        assert.deepEqual(buffer.slice(at, at + blockBytes), block);
        this.#passed++;
      }
    });
    this.model.cursor += this.#passed;
    this.#passed = 0;
  }

  /** Blocks beyond the first that one read has brought. */
  #passed = 0;

  async #records(signal?: AbortSignal): Promise<void> {
    let left = 1 + this.random.below(6);
    const reuse = this.random.below(2) === 0;
    const records = this.drive.records({ signal, reuse });
    while (left-- > 0) {
      let isOver = false;
      const isRead = await this.#expectRead(async (expected) => {
        const { done, value } = await records.next();
        isOver = done === true;
        if (isOver) assert.ok(!(expected instanceof Uint8Array), "all records came");
        else assert.deepEqual(value, expected);
      });
      if (isOver || !isRead) return;
    }
    await records.return();
  }

  /** A motion has led here, for certain. */
  #arrive(object: number, partition = this.model.current): void {
    this.model.go(object, partition);
    this.truth.compare();
  }

  /** Backwards some go too far. */
  #filemarkCount(): number {
    const { spaceFilemarksBackOneTooFar } = this.setting.quirks;
    return this.random.below(5) - (spaceFilemarksBackOneTooFar ? 0 : 2);
  }

  async #space(
    what: "blocks" | "filemarks",
    count: number,
    signal?: AbortSignal,
  ): Promise<void> {
    const { tape } = this.model;
    const { cursor } = tape;
    const { spaceIgnoresFilemarks = false } = this.setting.quirks;
    const isOverMarks = spaceIgnoresFilemarks && what === "blocks";
    // From the beginning the driver reads the first object, and stops at a filemark all the same; on an empty tape nobody knows how many are left.
    if (isOverMarks && cursor === 0 && !(tape.objects[0] instanceof Uint8Array)) return;
    const stop = what === "blocks"
      ? tape.spaceBlocks(count, !spaceIgnoresFilemarks)
      : tape.spaceFilemarks(count);
    const after = tape.cursor;
    tape.cursor = cursor;
    try {
      await this.drive.space(what, count, { signal });
      assert.ok(stop === undefined || (isOverMarks && stop.startsWith("beginning")), stop);
    } catch (error) {
      if (!(error instanceof TapeError) || stop?.split(" ")[0] !== error.kind) throw error;
      if (error.name !== "SpaceStoppedError") throw error;
      if (error.information !== undefined) assert.equal(`${error.kind} ${error.information}`, stop);
      else assert.ok(this.setting.quirks.missingInformation || isOverMarks);
    }
    tape.cursor = after;
    if (count !== 0) this.truth.compare();
  }

  async #locate(signal?: AbortSignal): Promise<void> {
    const target = this.random.below(this.model.objects.length + 2);
    await this.#orEnd(
      target <= this.model.objects.length,
      () => this.drive.locate(numberOf(target, this.setting.quirks), { signal }),
    );
    this.#arrive(target);
  }

  async #orEnd(isThere: boolean, motion: () => Promise<unknown>): Promise<void> {
    try {
      await motion();
      assert.ok(isThere, "there is no such place");
    } catch (error) {
      if (isThere || !(error instanceof TapeError) || error.kind !== "end-of-data") throw error;
    }
  }

  async #locateFile(signal?: AbortSignal): Promise<void> {
    const file = this.random.below(4);
    const start = this.model.startOfFile(file);
    await this.#orEnd(start !== undefined, () => this.drive.locate({ file }, { signal }));
    this.#arrive(start ?? this.model.objects.length);
  }

  async #locatePartition(signal?: AbortSignal): Promise<void> {
    const partition = this.random.below(this.model.partitions.length);
    const { objects } = this.model.partitions[partition];
    const object = this.random.below(objects.length + 2);
    await this.#orEnd(
      object <= objects.length,
      () => this.drive.locate({ object, partition }, { signal }),
    );
    this.#arrive(object, partition);
  }

  async #position(signal?: AbortSignal): Promise<void> {
    const position = await this.drive.position({ signal });
    const { known, file, partition } = position;
    if (known) {
      assert.equal(objectOf(position, this.setting.quirks), this.model.cursor);
      assert.equal(partition, this.model.current);
      const marks = this.model.objects.slice(0, this.model.cursor).filter((each) =>
        each === "filemark"
      );
      if (file !== undefined) assert.equal(file, marks.length);
    }
    const isAsked = position.source === "device" || this.setting.quirks.positionUnknown;
    if (!this.link.nexusLost && isAsked) this.truth.compare();
  }

  async #verify(signal?: AbortSignal): Promise<void> {
    const filemarks = 1 + this.random.below(2);
    const { ended } = await this.drive.verify({ filemarks }, { signal });
    const stop = this.model.tape.spaceFilemarks(filemarks);
    assert.equal(ended, stop === undefined ? "done" : "end-of-data");
    this.truth.compare();
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

  /** That of the caller need not be named. */
  #named(partition: number): { readonly partition?: number } {
    return partition === this.model.current ? {} : { partition };
  }

  async #readAt(signal?: AbortSignal): Promise<void> {
    const partition = this.random.below(this.model.partitions.length);
    const to = this.model.clone();
    to.go(this.random.below(to.partitions[partition].objects.length + 1), partition);
    const { cursor } = to;
    const expected = to.read();
    const options = { ...this.#named(partition), recordBytesHint: 30, signal };
    try {
      const result = await this.drive.readAt(cursor, options);
      assert.deepEqual(result.kind === "record" ? result.data : result.kind, expected);
    } catch (error) {
      if (expected !== "incorrect-length" || !(error instanceof TapeError)) throw error;
      if (error.kind !== "incorrect-length") throw error;
    }
    this.#arrive(to.cursor, partition);
  }

  async #writeAt(signal?: AbortSignal): Promise<void> {
    const partition = this.random.below(this.model.partitions.length);
    const object = this.random.below(this.model.partitions[partition].objects.length + 1);
    const data = this.record();
    this.attempted = [data];
    try {
      await this.drive.writeAt(object, data, { ...this.#named(partition), signal });
    } catch (error) {
      this.truth.failedElsewhere = { partition, object };
      throw error;
    }
    this.model.go(object, partition);
    this.truth.overwritten();
    this.model.write(data);
    if (!this.#mayTellLater) this.truth.compare();
  }

  async #readReverse(signal?: AbortSignal): Promise<void> {
    const { tape, blockBytes } = this.model;
    const before = tape.objects[tape.cursor - 1];
    try {
      const result = await this.drive.readReverse({ recordBytesHint: 30, signal });
      assert.deepEqual(
        result.kind === "record" ? result.data : result.kind,
        before ?? "beginning-of-partition",
      );
    } catch (error) {
      const isOther = blockBytes > 0 && before instanceof Uint8Array &&
        before.length !== blockBytes;
      if (!isOther || !(error instanceof TapeError) || error.kind !== "incorrect-length") {
        throw error;
      }
    }
    if (before !== undefined) tape.cursor--;
    this.truth.compare();
  }

  /** Closes the drive, perhaps with work under way, and opens it again. */
  async #reopen(): Promise<void> {
    const { model } = this;
    const isBusy = this.random.below(2) === 0;
    const data = this.record();
    this.attempted = isBusy ? [data] : [];
    const write = isBusy ? this.drive.write(data) : undefined;
    const noted = write?.then((result) => this.#wrote(data, result), (error) => error);
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
