import assert from "node:assert/strict";
import { RecordTooLargeError, SpaceStoppedError } from "../../tape/errors.ts";
import { TapeDrive } from "../../tape/tape_drive.ts";
import type { DriveQuirks } from "../../sim/tape/drive_quirks.ts";
import { Random, seed } from "../scsi/random.ts";
import { SimUnit, type TargetHabits } from "./sim_unit.ts";
import { TapeModel } from "./tape_model.ts";

const ALL_HABITS: readonly TargetHabits[] = ["exact", "tgt", "istgt"];
const STEPS = 120;
const RUNS = 25;

/** How a walk is set up. */
interface WalkOptions {
  readonly habits: TargetHabits;
  readonly readAhead: number;
  /** @default 0: variable mode */
  readonly blockSize?: number;
  readonly sili?: boolean;
  readonly quirks?: DriveQuirks;
}

/** One random use of a drive, held against the model after each step. */
class Walk {
  readonly random: Random;
  readonly habits: TargetHabits;
  readonly blockSize: number;
  readonly unit: SimUnit;
  readonly model = new TapeModel();
  readonly trace: string[] = [];
  /** Whether nothing but reads and writes came since the last rewind. */
  isCounted = true;
  #drive: TapeDrive | undefined;

  constructor(random: Random, { habits, blockSize = 0, quirks }: WalkOptions) {
    this.random = random;
    this.habits = habits;
    this.blockSize = blockSize;
    this.unit = new SimUnit({ habits, jitter: random, quirks });
  }

  get drive(): TapeDrive {
    return this.#drive!;
  }

  async open({ readAhead, sili }: WalkOptions): Promise<void> {
    const { blockSize } = this;
    const options = { readAhead, sili, blockSize, recordBytesHint: 64 };
    this.#drive = await TapeDrive.open(this.unit, options);
    // A drive that does not tell positions is opened at a place it does not know.
    await this.drive.rewind();
  }

  #record(): Uint8Array {
    if (this.blockSize > 0) return this.random.bytes(this.blockSize);
    const length = 1 + this.random.below(this.random.below(4) === 0 ? 3000 : 100);
    return this.random.bytes(length);
  }

  async step(): Promise<void> {
    const steps: Record<string, () => Promise<void>> = {
      read: () => this.read(),
      readMore: () => this.read(1 + this.random.below(12)),
      readInto: () => this.readInto(),
      write: () => this.write(),
      filemarks: () => this.writeFilemarks(),
      rewind: () => this.rewind(),
      spaceBlocks: () => this.space("blocks", this.random.below(13) - 6),
      spaceFilemarks: () => this.space("filemarks", this.filemarkCount()),
      endOfData: () => this.endOfData(),
      position: () => this.position(),
      locate: () => this.locate(),
    };
    const name = Object.keys(steps)[this.random.below(Object.keys(steps).length)];
    this.trace.push(name);
    await steps[name]();
    if (/space|locate|endOfData/.test(name)) this.isCounted = false;
  }

  async read(times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      const expected = this.model.read();
      const result = await this.drive.read();
      if (expected instanceof Uint8Array) {
        assert.deepEqual(result, { kind: "record", data: expected });
      } else {
        assert.deepEqual(result, { kind: expected });
      }
    }
  }

  async readInto(): Promise<void> {
    if (this.blockSize > 0) return await this.readBlocksInto();
    const buffer = new Uint8Array(1 + this.random.below(200));
    const before = this.model.cursor;
    const expected = this.model.read();
    if (expected instanceof Uint8Array && expected.length > buffer.length) {
      this.model.cursor = before;
      await assert.rejects(this.drive.readInto(buffer), (error: RecordTooLargeError) => {
        return error instanceof RecordTooLargeError && error.recordBytes === expected.length;
      });
      return;
    }
    const result = await this.drive.readInto(buffer);
    if (!(expected instanceof Uint8Array)) return assert.deepEqual(result, { kind: expected });
    assert.deepEqual(result, { kind: "record", length: expected.length });
    assert.deepEqual(buffer.subarray(0, expected.length), expected);
  }

  /** Fixed mode: as many blocks as fit and come before the next condition, once the drive has been placed by a rewind. */
  async readBlocksInto(): Promise<void> {
    const blocks = 1 + this.random.below(5);
    const buffer = new Uint8Array(blocks * this.blockSize + this.random.below(this.blockSize));
    const result = await this.drive.readInto(buffer);
    if (result.kind !== "record") return assert.equal(result.kind, this.model.read());
    assert.ok(result.length > 0 && result.length % this.blockSize === 0);
    for (let at = 0; at < result.length; at += this.blockSize) {
      assert.deepEqual(buffer.subarray(at, at + this.blockSize), this.model.read());
    }
    const isFull = result.length === blocks * this.blockSize;
    const next = this.model.objects[this.model.cursor];
    if (this.isCounted) assert.ok(isFull || !(next instanceof Uint8Array));
  }

  /** Fixed mode: several blocks in one command. */
  async writeBlocks(): Promise<void> {
    const blocks = Array.from({ length: 1 + this.random.below(6) }, () => this.#record());
    const data = new Uint8Array(blocks.length * this.blockSize);
    blocks.forEach((block, index) => data.set(block, index * this.blockSize));
    this.model.write(...blocks);
    await this.drive.write(data);
    this.compare();
  }

  async write(): Promise<void> {
    if (this.blockSize > 0) return await this.writeBlocks();
    for (let count = 1 + this.random.below(5); count > 0; count--) {
      const record = this.#record();
      this.model.write(record);
      await this.drive.write(record);
    }
    this.compare();
  }

  async writeFilemarks(): Promise<void> {
    const count = 1 + this.random.below(2);
    this.model.write(...Array.from({ length: count }, () => "filemark" as const));
    await this.drive.writeFilemarks(count, { immediate: this.random.below(2) === 0 });
    this.compare();
  }

  async rewind(): Promise<void> {
    this.isCounted = true;
    this.model.cursor = 0;
    await this.drive.rewind();
  }

  /** tgt goes wrong backwards; that has a test of its own. */
  filemarkCount(): number {
    return this.habits === "tgt" ? this.random.below(4) : this.random.below(7) - 3;
  }

  async space(what: "blocks" | "filemarks", count: number): Promise<void> {
    // From the beginning the driver reads the first object, and so stops at a filemark also where the target does not.
    const startsWithMark = this.model.cursor === 0 && this.model.objects[0] === "filemark";
    if (this.habits === "istgt" && what === "blocks" && startsWithMark) return;
    const stop = what === "blocks"
      ? this.model.spaceBlocks(count, this.habits !== "istgt")
      : this.model.spaceFilemarks(count);
    const error = await this.drive.space(what, count).then(
      (result) => assert.deepEqual(result, { spaced: count }),
      (error) => error,
    );
    if (error === undefined && stop !== undefined) return this.#missedBeginning(what, stop);
    if (stop === undefined) return assert.equal(error, undefined);
    assert.ok(error instanceof SpaceStoppedError, String(error));
    const [kind, left] = stop.split(" ");
    assert.equal(error.kind, kind);
    // The driver does not know either how many istgt has left out, unless it has counted.
    const isUntold = this.habits === "istgt" && kind.startsWith("beginning") && !this.isCounted;
    if (this.unit.quirks.missingInformation) return;
    if (isUntold && error.information === undefined) return;
    assert.equal(String(error.information), left);
  }

  /**
   * istgt calls spacing past the beginning good, and over too few filemarks back stands before the first of them; nobody sees that but a driver that has
   * counted, or where the drive's number is smaller than what was asked for.
   */
  #missedBeginning(what: "blocks" | "filemarks", stop: string): void {
    assert.ok(this.habits === "istgt" && stop.startsWith("beginning") && !this.isCounted, stop);
    if (what === "filemarks") this.model.cursor = this.model.objects.indexOf("filemark");
    assert.ok(this.model.cursor >= 0);
  }

  async endOfData(): Promise<void> {
    this.model.cursor = this.model.objects.length;
    await this.drive.space("end-of-data");
  }

  async position(): Promise<void> {
    const { known, object } = await this.drive.position();
    if (this.habits === "tgt") {
      if (known) assert.equal(object, this.model.cursor);
      return;
    }
    assert.ok(known);
    const isOff = this.habits === "istgt" && (this.model.cursor > 0 || object === 1);
    assert.equal(object, this.model.cursor + (isOff ? 1 : 0));
  }

  /** To a place that the drive has given a number. */
  async locate(): Promise<void> {
    if (this.habits === "tgt" || this.unit.quirks.noLocate) return;
    const { object } = await this.drive.position();
    const { cursor } = this.model;
    await this.read(this.random.below(6));
    await this.drive.locate(object!);
    this.model.cursor = cursor;
  }

  /** The tape is what the model says, and so is the place where the drive would write. */
  compare(): void {
    const objects = this.unit.drive.objects().map((object) =>
      object.kind === "filemark" ? "filemark" : object.data
    );
    assert.deepEqual(objects, this.model.objects);
    assert.equal(this.unit.drive.position?.object, this.model.cursor);
  }

  async close(): Promise<void> {
    await this.drive.close();
    assert.equal(this.unit.closedAt, this.model.cursor);
  }
}

async function walk(start: number, options: WalkOptions): Promise<void> {
  const random = new Random(start);
  const one = new Walk(random, options);
  try {
    await one.open(options);
    for (let step = 0; step < STEPS; step++) await one.step();
    await one.close();
    assert.equal(one.unit.outstanding, 0);
  } catch (error) {
    throw new Error(
      `seed ${start}, ${JSON.stringify(options)}: ${one.trace.slice(-12).join(" ")}`,
      { cause: error },
    );
  }
}

async function walks(setups: readonly Omit<WalkOptions, "readAhead">[]): Promise<void> {
  const first = seed();
  for (let run = 0; run < RUNS; run++) {
    for (const setup of setups) {
      for (const readAhead of [0, 1, 4, 16]) await walk(first + run, { ...setup, readAhead });
    }
  }
}

for (const habits of ALL_HABITS) {
  Deno.test(`TapeDrive on a target like ${habits} does what the model does`, async () => {
    await walks([{ habits }, { habits, blockSize: 64 }]);
  });
}

Deno.test("TapeDrive with SILI does what the model does", async () => {
  await walks(ALL_HABITS.map((habits) => ({ habits, sili: true })));
});

Deno.test("TapeDrive on a drive that tells conditions by their flags alone does what the model does", async () => {
  await walks([{ habits: "exact", quirks: { flagsWithoutAsc: true } }]);
});

Deno.test("TapeDrive on a drive with negative residuals does what the model does", async () => {
  await walks([{ habits: "exact", quirks: { negativeReverseResidual: true } }]);
});

Deno.test("TapeDrive on a drive that never gives INFORMATION does what the model does", async () => {
  const quirks = { missingInformation: true };
  await walks([{ habits: "exact", quirks }, { habits: "exact", quirks, blockSize: 64 }]);
});

Deno.test("TapeDrive on a drive without LOCATE does what the model does", async () => {
  await walks([{ habits: "exact", quirks: { noLocate: true } }]);
});
