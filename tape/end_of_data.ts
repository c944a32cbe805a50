/**
 * The end of data, where a READ must find it: some drives stop somewhere else.
 *
 * @module
 */

import { spaceCdb, SpaceCode } from "./commands.ts";
import { type Condition, isDone } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { EndOfPartition } from "./end_of_partition.ts";
import { leastRead, MET_BY_READ } from "./least_read.ts";
import type { Reposition } from "./reposition.ts";
import type { TapeSession } from "./tape_session.ts";

/** What a READ may meet that only wants to know what stands there. */
const ANYTHING_READ: ReadonlySet<Condition> = new Set<Condition>([
  ...MET_BY_READ,
  "end-of-partition",
]);

const END: ReadonlySet<Condition> = new Set<Condition>(["early-warning", "end-of-data"]);

/** Goes to the end of data of one tape. */
export class EndOfData {
  readonly #session: TapeSession;
  readonly #reposition: Reposition;
  readonly #end: EndOfPartition;

  constructor(session: TapeSession, reposition: Reposition) {
    this.#session = session;
    this.#reposition = reposition;
    this.#end = new EndOfPartition(session, reposition);
  }

  /** SPACE to end of data, then a READ must find it: some drives stop short of the last record. */
  async find(signal?: AbortSignal): Promise<void> {
    const { device } = this.#session;
    const command = { cdb: spaceCdb(SpaceCode.EndOfData, 0), signal };
    const space = () => device.perform(command, END);
    const { condition } = await this.#reposition.leaving(space, signal);
    if (isDone(condition)) this.#session.buffer.moved();
    this.#session.place();
    this.#session.count.forget();
    await this.#session.arriving(async () => {
      while (!await this.#isAtEndOfData(signal)) {
        device.logger.debug("Reading on to the end of data on {name}", { name: device.name });
      }
    });
  }

  /** After SPACE has met the end of data, some drives stand somewhere else. */
  async confirm(signal?: AbortSignal): Promise<void> {
    if (await this.#isAtEndOfData(signal)) return;
    await this.find(signal);
  }

  /** Reads one thing, whatever it is, and says whether it was the end of data. */
  async #isAtEndOfData(signal?: AbortSignal): Promise<boolean> {
    const reply = await this.#session.device.perform(
      leastRead(this.#session, signal),
      ANYTHING_READ,
    );
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
}
