import assert from "node:assert/strict";
import { openTape, SpaceStoppedError, type TapeDrive, TapeError } from "../../../mod.ts";
import { Random } from "../../scsi/random.ts";
import { type ModelObject, TapeModel } from "../../tape/tape_model.ts";
import { RoughRoad } from "./rough_road.ts";
import type { Target } from "./target.ts";

/** What is known to be done otherwise there. */
export type TargetHabits = "tgt" | "istgt";

/** How a {@link TargetWalk} goes. */
export interface WalkOptions {
  readonly habits: TargetHabits;
  readonly seed: number;
  readonly readAhead: number;
  /** Whether its connections break at random. */
  readonly isCut: boolean;
}

/** The tape as it was when everything was certainly on it, and where. */
interface Certain {
  readonly objects: readonly ModelObject[];
  readonly cursor: number;
}

/** One random use of a drive, held against the model after each step. */
export class TargetWalk {
  readonly name: string;
  readonly trace: string[] = [];
  readonly #options: WalkOptions;
  readonly #random: Random;
  readonly #model = new TapeModel();
  readonly #road: RoughRoad;
  readonly #target: Target;
  readonly #writeBehind: number;
  #certain: Certain = { objects: [], cursor: 0 };
  #drive: TapeDrive | undefined;
  /** Connections lost since the walk began, or began again. */
  #outages = 0;

  constructor(target: Target, options: WalkOptions) {
    this.#options = options;
    this.#target = target;
    this.#random = new Random(options.seed);
    this.#road = new RoughRoad(target.port);
    this.#writeBehind = this.#random.below(2) * 4;
    this.name =
      `seed ${options.seed}, read-ahead ${options.readAhead}, write-behind ${this.#writeBehind}`;
  }

  get #isIstgt(): boolean {
    return this.#options.habits === "istgt";
  }

  async end(): Promise<void> {
    await this.#drive?.close().catch(() => {});
    await this.#road.stop();
  }

  /**
   * Goes so many steps; then the whole tape is as it should be. An error of the driver's ends it nowhere, if only a connection was lost: the tape has to hold
   * what it promises, and the walk goes on from the beginning. istgt loses some connections by itself.
   */
  async walk(steps: number): Promise<void> {
    await this.#open();
    await this.#rewind();
    await this.#write(1);
    for (let step = 0; step < steps; step++) {
      try {
        await this.#step();
      } catch (error) {
        if (!(error instanceof TapeError) || this.#outages + this.#road.cuts === 0) throw error;
        this.trace.push(`${error.name} ${error.kind}`);
        await this.#startAgain();
      }
    }
    this.#road.cutAfter(Infinity);
    await this.#reopen();
    await this.#rewind();
    await this.#read(Infinity);
  }

  /** Goes on with what is on the tape: all that was certain, and at most what was written last. */
  async #startAgain(): Promise<void> {
    this.#road.cutAfter(Infinity);
    await this.#drive?.close().catch(() => {});
    const found = await readTape(this.#target.url);
    const told = digest(found);
    const { objects, cursor } = this.#certain;
    if (told.join() !== digest(objects).join()) {
      assert.ok(found.length >= cursor, `${found.length} of ${cursor} certain objects are left`);
      assert.deepEqual(told, digest(this.#model.objects.slice(0, found.length)));
    }
    this.#model.objects = found;
    this.#outages = 0;
    await this.#open();
    await this.#rewind();
    this.#settle();
  }

  async #open(): Promise<void> {
    const { port, url } = this.#target;
    this.#drive = await openTape(url.replace(`:${port}/`, `:${this.#road.port}/`), {
      readAhead: this.#options.readAhead,
      writeBehind: this.#writeBehind,
      recordBytesHint: 2000,
      reconnect: { delayMs: 20 },
      onNotice: ({ kind }) => {
        if (kind === "reconnecting") this.#outages++;
      },
    });
  }

  async #step(): Promise<void> {
    const steps: Record<string, () => Promise<void>> = {
      read: () => this.#read(1),
      readMore: () => this.#read(1 + this.#random.below(12)),
      readAll: () => this.#read(Infinity),
      write: () => this.#write(1 + this.#random.below(5)),
      filemarks: () => this.#writeFilemarks(1 + this.#random.below(2)),
      rewind: () => this.#rewind(),
      spaceBlocks: () => this.#spaceBlocks(),
      spaceFilemarks: () => this.#spaceFilemarks(),
      endOfData: () => this.#endOfData(),
      locate: () => this.#locate(),
      reopen: () => this.#reopen(),
    };
    const names = Object.keys(steps);
    const name = names[this.#random.below(names.length)];
    if (this.#options.isCut && this.#random.below(6) === 0) {
      const bytes = 1 + this.#random.below(this.#random.below(2) === 0 ? 12_000 : 400);
      this.#road.cutAfter(bytes);
      this.trace.push(`cut(${bytes})`);
    }
    this.trace.push(`${name}@${this.#model.cursor}`);
    await steps[name]();
    if (name !== "write" || this.#writeBehind === 0) this.#settle();
  }

  /** Everything that was written is on the tape. */
  #settle(): void {
    this.#certain = { objects: [...this.#model.objects], cursor: this.#model.cursor };
  }

  async #read(most: number): Promise<void> {
    for (let count = 0; count < most; count++) {
      const at = this.#model.cursor;
      const expected = this.#model.read();
      const result = await this.#drive!.read();
      const found = result.kind === "record" ? result.data : result.kind;
      assert.deepEqual(digest([found]), digest([expected]), `at object ${at}`);
      if (expected === "end-of-data") return;
    }
  }

  async #write(count: number): Promise<void> {
    for (let written = 0; written < count; written++) {
      const record = this.#random.bytes(600 + this.#random.below(3000));
      this.#model.write(record);
      await this.#drive!.write(record);
    }
  }

  async #writeFilemarks(count: number): Promise<void> {
    this.#model.write(...Array.from({ length: count }, () => "filemark" as const));
    await this.#drive!.writeFilemarks(count);
  }

  async #rewind(): Promise<void> {
    this.#model.cursor = 0;
    await this.#drive!.rewind();
  }

  async #endOfData(): Promise<void> {
    this.#model.cursor = this.#model.objects.length;
    await this.#drive!.space("end-of-data");
  }

  /** tgt has no LOCATE. */
  async #locate(): Promise<void> {
    if (!this.#isIstgt) return;
    const { object } = await this.#drive!.position();
    // istgt loses some connections by itself, and then nobody may know.
    if (object === undefined) return;
    const { cursor } = this.#model;
    await this.#read(this.#random.below(6));
    await this.#drive!.locate(object);
    this.#model.cursor = cursor;
  }

  /** Nothing sets a connection up again that is lost while it is opened. tgt does not keep its place from one session to the next. */
  async #reopen(): Promise<void> {
    this.#road.cutAfter(Infinity);
    await this.#drive!.close();
    await this.#open();
    if (!this.#isIstgt) await this.#rewind();
  }

  /**
   * tgt goes wrong backwards and cannot tell just up to the end of data from beyond it; istgt does not stop there, but goes on over what was written before.
   * Neither of them stops at filemarks.
   */
  async #spaceBlocks(): Promise<void> {
    const count = this.#isIstgt ? this.#random.below(13) - 6 : this.#random.below(7);
    const { cursor, objects } = this.#model;
    // From the beginning the driver reads one object, and stops where that is a filemark.
    if (cursor === 0 && objects[0] === "filemark") return;
    if (cursor + count > objects.length - (this.#isIstgt ? 0 : 1)) return;
    await this.#space("blocks", count, this.#model.spaceBlocks(count, false));
  }

  /** tgt goes wrong backwards. */
  async #spaceFilemarks(): Promise<void> {
    const count = this.#isIstgt ? this.#random.below(7) - 3 : this.#random.below(4);
    const { cursor } = this.#model;
    const stop = this.#model.spaceFilemarks(count);
    if (!this.#isIstgt && stop !== undefined) this.#model.cursor = cursor;
    else await this.#space("filemarks", count, stop);
  }

  async #space(
    what: "blocks" | "filemarks",
    count: number,
    stop: string | undefined,
  ): Promise<void> {
    this.trace.push(`(${count})`);
    const error = await this.#drive!.space(what, count).then(() => undefined, (error) => error);
    if (error !== undefined && !(error instanceof SpaceStoppedError)) throw error;
    if (error === undefined && stop?.startsWith("beginning")) this.#missedBeginning(what);
    else assert.equal(error?.kind, stop?.split(" ")[0]);
  }

  /** istgt calls spacing past the beginning good, and stands before the first filemark then: nobody sees that where nobody has counted. */
  #missedBeginning(what: "blocks" | "filemarks"): void {
    assert.ok(this.#isIstgt);
    if (what === "filemarks") this.#model.cursor = this.#model.objects.indexOf("filemark");
    assert.ok(this.#model.cursor >= 0);
  }
}

/** Everything on the tape. */
async function readTape(url: string): Promise<ModelObject[]> {
  const found: ModelObject[] = [];
  // With several commands under way istgt garbles its answers now and then.
  const drive = await openTape(url, { readAhead: 0 });
  try {
    await drive.rewind();
    for (;;) {
      const result = await drive.read();
      if (result.kind === "end-of-data") return found;
      found.push(result.kind === "record" ? result.data : "filemark");
    }
  } finally {
    await drive.close();
  }
}

/** Short names of objects, which are compared fast and read well. */
function digest(objects: readonly (ModelObject | "end-of-data")[]): string[] {
  return objects.map((object) =>
    typeof object === "string" ? object : `${object.length}:${object.subarray(0, 8).join(".")}`
  );
}
