/**
 * Moving the tape where the caller wants it (SSC-4, REWIND, SPACE, LOCATE, LOAD UNLOAD).
 *
 * @module
 */

import type { ScsiCommand } from "../scsi/logical_unit.ts";
import {
  eraseCdb,
  loadUnloadCdb,
  locate10Cdb,
  locate16Cdb,
  type LocateCdbOptions,
  LocateDestination,
  readCdb,
  rewindCdb,
  spaceCdb,
  SpaceCode,
  TapeOpcode,
} from "./commands.ts";
import { type Condition, isDone } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { EndOfPartition } from "./end_of_partition.ts";
import { type SpaceStop, SpaceStoppedError, TapeError } from "./errors.ts";
import type { LoadPollingOptions } from "./options.ts";
import { askReady, waitUntilReady } from "./readiness.ts";
import type { Reposition } from "./reposition.ts";
import type { TapeSession } from "./tape_session.ts";

/** What `space()` counts. */
export type SpaceWhat = "blocks" | "filemarks" | "end-of-data";

/** What `space()` resolves to. */
export interface SpaceResult {
  /** Blocks or filemarks spaced over, negative when backwards; 0 for `end-of-data`. */
  readonly spaced: number;
}

/**
 * Where `locate()` goes: the number of an object, as `position()` gives it; that and a partition; the beginning of a file, after so many filemarks; or
 * the end of data.
 */
export type LocateTarget =
  | number
  | { readonly object: number; readonly partition?: number }
  | { readonly file: number; readonly partition?: number }
  | "end-of-data";

const STOPS: ReadonlySet<Condition> = new Set<Condition>([
  "beginning-of-partition",
  "early-warning",
  "end-of-data",
  "filemark",
  "setmark",
]);

const NONE: ReadonlySet<Condition> = new Set();

/** Said beside an erasure that was done. */
const NEAR_END: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "programmable-early-warning",
]);

const CHANGED: ReadonlySet<Condition> = new Set<Condition>(["medium-changed"]);

/** Unit attentions that a LOAD may meet before it is executed. */
const LOAD_TRIES = 10;

const ILLEGAL: ReadonlySet<Condition> = new Set<Condition>(["illegal-request"]);

/** What a READ may meet that only wants to pass one thing, or to know what it is. */
const ANYTHING_READ: ReadonlySet<Condition> = new Set<Condition>([
  "early-warning",
  "end-of-data",
  "end-of-partition",
  "filemark",
  "incorrect-length",
  "setmark",
  "volume-overflow",
]);

/** Moves the tape of one drive. */
export class Motion {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;
  readonly #end: EndOfPartition;
  readonly #polling: LoadPollingOptions;

  constructor(session: TapeSession, reposition: Reposition, polling: LoadPollingOptions) {
    this.#session = session;
    this.#reposition = reposition;
    this.#end = new EndOfPartition(session, reposition);
    this.#polling = polling;
  }

  /** To the beginning of the partition. */
  async rewind(signal?: AbortSignal): Promise<void> {
    const command = { cdb: rewindCdb(), signal };
    await this.#reposition.leaving(() => this.#session.device.perform(command), signal);
    this.#session.synchronized();
    this.#session.placeAtBeginning();
  }

  /** Threads the tape, winding it once from end to end when `retension` is set. */
  async load(retension: boolean, signal?: AbortSignal): Promise<void> {
    await this.#reposition.leaving(() => this.#thread(retension, signal), signal);
    this.#session.suspectMode();
    await this.#session.arriving(() => this.#waitForTape(signal));
    this.#session.synchronized();
    this.#session.placeAtBeginning();
  }

  /** That another tape may be in the drive is no news to who loads one. */
  async #thread(retension: boolean, signal?: AbortSignal): Promise<void> {
    const command = { cdb: loadUnloadCdb(true, retension), signal };
    for (let tries = 1;; tries++) {
      const expected = tries < LOAD_TRIES ? CHANGED : NONE;
      const { condition } = await this.#session.device.perform(command, expected);
      if (condition !== "medium-changed") return;
    }
  }

  async #waitForTape(signal?: AbortSignal): Promise<void> {
    const { device } = this.#session;
    // Of what was written before the tape was loaded somebody has to hear.
    const heard = (reply: Reply) => {
      const isLoss = reply.condition === "deferred" || reply.condition === "reset";
      if (isLoss && this.#session.isDirty) throw device.fail(reply);
    };
    await waitUntilReady(device, await askReady(device, signal), {
      load: false,
      requireMedium: true,
      polling: this.#polling,
      signal,
      heard,
    });
  }

  /** Unthreads or ejects the tape. */
  async unload(signal?: AbortSignal): Promise<void> {
    const command = { cdb: loadUnloadCdb(false), signal };
    await this.#reposition.leaving(() => this.#session.device.perform(command), signal);
    this.#session.synchronized();
    this.#session.place();
    this.#session.count.forget();
    // The next tape may have been written otherwise, and need not be announced: tgt does not.
    this.#session.suspectMode();
  }

  /** Over blocks or filemarks, or to the end of data. */
  async space(what: SpaceWhat, count: number, signal?: AbortSignal): Promise<SpaceResult> {
    if (what === "end-of-data") {
      await this.#toEndOfData(signal);
      return { spaced: 0 };
    }
    this.#session.tellLoss("space");
    await this.#reposition.back();
    signal?.throwIfAborted();
    if (count !== 0) {
      await this.#session.moving(() => this.#spaceOver(what, count, signal), signal);
    }
    return { spaced: count };
  }

  /** To an object, a file, or the end of data. */
  async locate(target: LocateTarget, signal?: AbortSignal): Promise<void> {
    if (target === "end-of-data") {
      await this.space("end-of-data", 0, signal);
      return;
    }
    const options = locateOptions(target);
    const reply = await this.#reposition.leaving(() => this.#locate(options, signal), signal);
    if (reply.condition === "end-of-data") throw await this.#beyondEnd(reply, signal);
    if (reply.cdb[0] === TapeOpcode.Rewind) return await this.#toFile(options.number, signal);
    this.#session.place();
    this.#session.count.forget();
    this.#session.partition = options.partition ?? this.#session.partition;
    if (options.number === 0) this.#session.count.setBeginning();
    else this.#session.proof.land();
  }

  /** Makes end of data here. */
  async erase(signal?: AbortSignal): Promise<void> {
    const command = { cdb: eraseCdb(false), signal };
    await this.#session.moving(() => this.#session.device.perform(command, NEAR_END), signal);
  }

  async #spaceOver(what: SpaceWhat, count: number, signal?: AbortSignal): Promise<void> {
    if (what === "blocks" && count > 0 && this.#session.count.object === 0) {
      return await this.#spaceFromBeginning(count, signal);
    }
    const { device, proof } = this.#session;
    if (what === "filemarks" && proof.isAtLanding) {
      return await this.#spaceFromLanding(count, signal);
    }
    const code = what === "blocks" ? SpaceCode.Blocks : SpaceCode.Filemarks;
    const reply = await device.perform({ cdb: spaceCdb(code, count), signal }, STOPS);
    const stop = stopOf(reply, count);
    if (what === "blocks" && stop === undefined) proof.land();
    else proof.startRun();
    const information = reply.sense?.information;
    const left = information === undefined ? undefined : Math.abs(information);
    if (what === "blocks") this.#countBlocks(count, stop, left);
    else this.#countFilemarks(count, stop);
    if (stop === undefined) return;
    if (stop === "end-of-data") await this.#session.arriving(() => this.#confirmEndOfData(signal));
    throw this.#stopped(stop, reply, left);
  }

  /** From the very beginning istgt spaces over one block too few, unless one has been read. */
  async #spaceFromBeginning(count: number, signal?: AbortSignal): Promise<void> {
    const reply = await this.#readOne(signal);
    this.#session.proof.startRun();
    if (reply.condition === "filemark") this.#session.count.passFilemarks(1);
    else if (reply.condition !== "end-of-data") this.#session.count.passRecords(1);
    const stop = stopOf(reply, count);
    if (stop !== undefined) throw this.#stopped(stop, reply, count);
    if (count > 1) await this.#spaceOver("blocks", count - 1, signal);
  }

  /** Where a filemark may be ahead that the drive takes for passed, one thing is read first: behind it every drive knows its place. */
  async #spaceFromLanding(count: number, signal?: AbortSignal): Promise<void> {
    const { proof } = this.#session;
    const landing = proof.landing ?? (await this.#session.askPosition(signal))?.object;
    proof.startRun();
    const passed = landing ? await this.#passOne(landing, signal) : 0;
    if (count !== passed) await this.#spaceOver("filemarks", count - passed, signal);
  }

  /** Reads one thing behind a landing; how many filemarks that was. */
  async #passOne(landing: number, signal?: AbortSignal): Promise<number> {
    const { count, device } = this.#session;
    const { condition } = await device.probe(this.#leastRead(signal));
    if (condition !== "filemark") {
      if (isDone(condition) || condition === "incorrect-length") count.passRecords(1);
      else if (condition !== "end-of-data") count.forget();
      return 0;
    }
    const here = (await this.#session.askPosition(signal))?.object;
    if (here !== undefined && here !== landing + 1) await this.#reposition.passFilemark(landing);
    count.passFilemarks(1);
    return 1;
  }

  /** What the driver's own count makes of SPACE over blocks. Some drives do not stop at filemarks, so only records known to lie here count as such. */
  #countBlocks(count: number, stop: SpaceStop | undefined, left: number | undefined): void {
    const own = this.#session.count;
    if (stop === undefined) {
      const isWithinFile = count < 0 && own.record !== undefined && -count <= own.record;
      if (isWithinFile) own.passRecords(count);
      else own.passObjects(count);
    } else if (stop === "beginning-of-partition") {
      own.setBeginning();
    } else if (stop === "filemark" && count > 0 && left !== undefined) {
      own.passRecords(count - left);
      own.passFilemarks(1);
    } else if (stop === "filemark" && count > 0) {
      own.spaceFilemarks(1);
    } else {
      own.forget();
    }
  }

  #countFilemarks(count: number, stop: SpaceStop | undefined): void {
    const own = this.#session.count;
    if (stop === "beginning-of-partition") {
      own.setBeginning();
    } else if (count < 0) {
      own.spaceFilemarksBack();
      this.#session.isDoubtful = true;
    } else if (stop === undefined) {
      own.spaceFilemarks(count);
    } else {
      own.forget();
    }
  }

  #stopped(stop: SpaceStop, reply: Reply, left: number | undefined): SpaceStoppedError {
    const { device } = this.#session;
    const facts = {
      command: "SPACE",
      sense: reply.sense,
      information: left,
      position: this.#session.countedPosition(),
    };
    const rest = left === undefined ? "" : `, ${left} left`;
    return new SpaceStoppedError(stop, `Cannot space on ${device.name}: met ${stop}${rest}`, facts);
  }

  /** SPACE to end of data, then a READ must find it: some drives stop short of the last record. */
  async #toEndOfData(signal?: AbortSignal): Promise<void> {
    const { device } = this.#session;
    const command = { cdb: spaceCdb(SpaceCode.EndOfData, 0), signal };
    await this.#reposition.leaving(() => device.perform(command, END), signal);
    this.#session.place();
    this.#session.count.forget();
    await this.#session.arriving(async () => {
      while (!await this.#isAtEndOfData(signal)) {
        device.logger.debug("Reading on to the end of data on {name}", { name: device.name });
      }
    });
  }

  /** After SPACE has met the end of data, some drives stand somewhere else. */
  async #confirmEndOfData(signal?: AbortSignal): Promise<void> {
    if (await this.#isAtEndOfData(signal)) return;
    await this.#toEndOfData(signal);
  }

  /** Reads one thing, whatever it is, and says whether it was the end of data. */
  async #isAtEndOfData(signal?: AbortSignal): Promise<boolean> {
    const reply = await this.#readOne(signal);
    if (reply.condition === "end-of-data") return true;
    this.#session.count.forget();
    return reply.condition === "end-of-partition" && await this.#isEndAfterAll(reply);
  }

  /** A READ was refused as if the partition ended here. */
  async #isEndAfterAll(reply: Reply): Promise<boolean> {
    const found = await this.#end.whatStandsHere();
    if (found === "unknown" || found === "records") throw this.#session.device.failure(reply);
    return found === "end-of-data";
  }

  /** Reads one thing with the least room; what comes is not looked at. */
  async #readOne(signal?: AbortSignal): Promise<Reply> {
    return await this.#session.device.perform(this.#leastRead(signal), ANYTHING_READ);
  }

  #leastRead(signal?: AbortSignal): ScsiCommand {
    const { blockBytes, limits } = this.#session;
    const fixed = blockBytes > 0;
    const dataIn = new Uint8Array(blockBytes || limits.minBytes);
    const cdb = readCdb({ fixed, sili: false, length: fixed ? 1 : dataIn.length });
    return { cdb, dataIn, signal };
  }

  /** From the beginning, where the drive has been rewound to. */
  async #toFile(file: number, signal?: AbortSignal): Promise<void> {
    this.#session.placeAtBeginning();
    if (file === 0) return;
    await this.#session.moving(() => this.#spaceOver("filemarks", file, signal), signal);
  }

  /** Tries both forms, and for a file of this partition REWIND instead; the answer to what the drive has taken. */
  async #locate(options: LocateCdbOptions, signal?: AbortSignal): Promise<Reply> {
    const { device } = this.#session;
    let refusal: Reply | undefined;
    for (const cdb of [locate16Cdb(options), locate10Cdb(options)]) {
      if (cdb === undefined) continue;
      const reply = await device.perform({ cdb, signal }, LOCATE_ENDS);
      if (!ILLEGAL.has(reply.condition)) return reply;
      refusal ??= reply;
    }
    const isFile = options.destination === LocateDestination.File;
    if (!isFile || options.partition !== undefined) throw device.failure(refusal!);
    return await device.perform({ cdb: rewindCdb(), signal });
  }

  async #beyondEnd(reply: Reply, signal?: AbortSignal): Promise<TapeError> {
    this.#session.count.forget();
    await this.#session.arriving(() => this.#confirmEndOfData(signal));
    this.#session.place();
    return this.#session.device.failure(reply);
  }
}

const END: ReadonlySet<Condition> = new Set<Condition>(["early-warning", "end-of-data"]);

const LOCATE_ENDS: ReadonlySet<Condition> = new Set<Condition>(["end-of-data", "illegal-request"]);

/** Why SPACE stopped before its count; end of medium by the flag alone is the beginning when going backwards. */
function stopOf({ condition }: Reply, count: number): SpaceStop | undefined {
  switch (condition) {
    case "beginning-of-partition":
    case "end-of-data":
    case "filemark":
    case "setmark":
      return condition;
    case "early-warning":
      return count < 0 ? "beginning-of-partition" : undefined;
    default:
      return undefined;
  }
}

function locateOptions(target: Exclude<LocateTarget, "end-of-data">): LocateCdbOptions {
  const place = typeof target === "number" ? { object: target } : target;
  const isFile = "file" in place;
  const number = isFile ? place.file : place.object;
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new TapeError("invalid-argument", `Cannot locate ${number}: it is not a whole number`);
  }
  const destination = isFile ? LocateDestination.File : LocateDestination.Object;
  return { number, destination, partition: place.partition };
}
