/**
 * Moving the tape where the caller wants it (SSC-4, REWIND, SPACE, LOCATE, LOAD UNLOAD).
 *
 * @module
 */

import {
  eraseCdb,
  loadUnloadCdb,
  type LocateCdbOptions,
  locateCdbs,
  LocateDestination,
  rewindCdb,
  TapeOpcode,
} from "./commands.ts";
import type { Condition } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { EndOfData } from "./end_of_data.ts";
import type { TapeError } from "./errors.ts";
import { locateOptions, type LocateTarget } from "./locate_target.ts";
import type { LoadPollingOptions } from "./options.ts";
import { askReady, waitUntilReady } from "./readiness.ts";
import type { Reposition } from "./reposition.ts";
import { type SpaceResult, type SpaceWhat, Spacing } from "./spacing.ts";
import type { TapeSession } from "./tape_session.ts";

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

/** Moves the tape of one drive. */
export class Motion {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;
  readonly #endOfData: EndOfData;
  readonly #spacing: Spacing;
  readonly #polling: LoadPollingOptions;

  constructor(session: TapeSession, reposition: Reposition, polling: LoadPollingOptions) {
    this.#session = session;
    this.#reposition = reposition;
    this.#endOfData = new EndOfData(session, reposition);
    this.#spacing = new Spacing(session, reposition, this.#endOfData);
    this.#polling = polling;
  }

  /** To the beginning of the partition. */
  async rewind(signal?: AbortSignal): Promise<void> {
    const command = { cdb: rewindCdb(), signal };
    await this.#reposition.leaving(() => this.#session.device.perform(command), signal);
    this.#session.synchronized();
    this.#session.placeAtBeginning();
  }

  /** Threads the tape, winding it once from end to end when `retension` is set; also another that is put in meanwhile. */
  async load(retension: boolean, signal?: AbortSignal): Promise<void> {
    await this.#loadOnce(retension, signal);
    for (let tries = 1; this.#session.isLost; tries++) {
      if (tries >= LOAD_TRIES) throw this.#session.lostError("load the tape");
      await this.#loadOnce(false, signal);
    }
  }

  async #loadOnce(retension: boolean, signal?: AbortSignal): Promise<void> {
    await this.#reposition.leaving(() => this.#thread(retension, signal), signal);
    this.#session.partition.doubt();
    this.#session.mode.suspect();
    await this.#session.arriving(() => this.#waitForTape(signal));
    this.#session.synchronized();
    this.#session.placeAtBeginning();
    // Which cartridge it is has to be known before the connection can be lost.
    await this.#session.freshen("medium-changed");
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
      if (reply.condition === "mode-parameters-changed") this.#session.mode.suspectForeign();
      if (reply.condition === "reset") this.#session.suspectReset();
      const isLoss = reply.condition === "deferred" || reply.condition === "reset";
      if (isLoss && this.#session.buffer.isDirty) throw device.fail(reply);
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
    this.#session.partition.doubt();
    this.#session.mode.suspect();
    this.#session.kept.forgetTape();
  }

  /** Over blocks or filemarks, or to the end of data. */
  async space(what: SpaceWhat, count: number, signal?: AbortSignal): Promise<SpaceResult> {
    if (what === "end-of-data") {
      await this.#endOfData.find(signal);
      return { spaced: 0 };
    }
    this.#session.tellLoss("space");
    await this.#reposition.back();
    signal?.throwIfAborted();
    if (count !== 0) {
      await this.#session.moving(() => this.#spacing.over(what, count, signal), signal);
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
    const locate = () => this.#locate(options, signal);
    const reply = await this.#reposition.leaving(
      () => this.#session.changing(options.partition, locate, signal),
      signal,
    );
    if (reply.condition === "end-of-data") {
      throw await this.#beyondEnd(reply, options.partition, signal);
    }
    this.#session.buffer.moved();
    if (reply.cdb[0] === TapeOpcode.Rewind) return await this.#toFile(options.number, signal);
    this.#session.place();
    this.#session.count.forget();
    if (options.partition !== undefined) this.#session.partition.enter(options.partition);
    if (options.number === 0) this.#session.count.setBeginning();
    else if (options.destination === LocateDestination.Object) {
      this.#session.landAt(options.number);
    } else this.#session.proof.land();
  }

  /** Makes end of data here. */
  async erase(signal?: AbortSignal): Promise<void> {
    const command = { cdb: eraseCdb(false), signal };
    await this.#session.moving(() => this.#session.device.perform(command, NEAR_END), signal);
  }

  /** From the beginning, where the drive has been rewound to. */
  async #toFile(file: number, signal?: AbortSignal): Promise<void> {
    this.#session.placeAtBeginning();
    if (file === 0) return;
    await this.#session.moving(() => this.#spacing.over("filemarks", file, signal), signal);
  }

  /** Tries both forms, and for a file of this partition REWIND instead; the answer to what the drive has taken. */
  async #locate(options: LocateCdbOptions, signal?: AbortSignal): Promise<Reply> {
    const { device } = this.#session;
    let refusal: Reply | undefined;
    for (const cdb of locateCdbs(options)) {
      const reply = await device.perform({ cdb, signal }, LOCATE_ENDS);
      if (!ILLEGAL.has(reply.condition)) return reply;
      refusal ??= reply;
    }
    const isFile = options.destination === LocateDestination.File;
    if (!isFile || options.partition !== undefined) throw device.failure(refusal!);
    return await device.perform({ cdb: rewindCdb(), signal });
  }

  async #beyondEnd(reply: Reply, partition?: number, signal?: AbortSignal): Promise<TapeError> {
    if (partition !== undefined) this.#session.partition.enter(partition);
    this.#session.count.forget();
    await this.#session.arriving(() => this.#endOfData.confirm(signal));
    this.#session.place();
    return this.#session.device.failure(reply);
  }
}

const LOCATE_ENDS: ReadonlySet<Condition> = new Set<Condition>(["end-of-data", "illegal-request"]);
