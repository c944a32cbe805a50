/** Someone who writes many records, keeps each until it is on tape, and believes what errors say about that. */

import assert from "node:assert/strict";
import { TapeError } from "../../tape/errors.ts";
import type { TapeDrive } from "../../tape/tape_drive.ts";
import type { Random } from "../scsi/random.ts";

export interface ArchiveOptions {
  /** How many records. */
  readonly count: number;
  /** The longest, in bytes. */
  readonly maxBytes: number;
  /** One fault before so many records. */
  readonly faultEvery: number;
  /** Looks at the tape itself: whether it begins with the first `count` records. @default not looked at */
  readonly check?: (count: number) => void;
}

/** So often the way to one place may fail, for faults go on meanwhile. */
const MAX_TRIES = 50;

/** Someone who keeps every record until it is on tape, and believes what an error says. */
export class Archive {
  readonly records: readonly Uint8Array[];
  uncertain = 0;
  certain = 0;
  readonly #random: Random;
  readonly #drive: TapeDrive;
  readonly #options: ArchiveOptions;
  /** Which record has which write number. */
  readonly #recordOf = new Map<number, number>();
  /** Which record is written next. */
  #next = 0;

  constructor(random: Random, drive: TapeDrive, options: ArchiveOptions) {
    this.#random = random;
    this.#drive = drive;
    this.#options = options;
    this.records = makeRecords(random, options, Math.max(drive.limits.minBytes, 4));
  }

  /** Writes all, with faults in between. */
  async writeAll(fault: () => void): Promise<void> {
    const { length } = this.records;
    const flush = () => this.#survive(() => this.#drive.flush());
    do {
      while (this.#next < length) {
        if (this.#random.below(this.#options.faultEvery) === 0) fault();
        await this.#survive(() => this.#writeNext());
        if (this.#random.below(40) === 0) await flush();
      }
    } while (!await flush());
  }

  async #writeNext(): Promise<void> {
    const at = this.#next++;
    const { number } = await this.#drive.write(this.records[at]);
    this.#recordOf.set(number, at);
  }

  async #survive(operation: () => Promise<unknown>): Promise<boolean> {
    try {
      await operation();
      return true;
    } catch (error) {
      assert.ok(error instanceof TapeError, `${error}`);
      await this.#goOn(error);
      return false;
    }
  }

  /** What is durable stays; from there on everything is written again, unless it is certain that more stands there. */
  async #goOn(error: TapeError): Promise<void> {
    const { writes } = error;
    assert.ok(writes, `${error.name} does not say what was written: ${error.stack}`);
    const isCertain = writes.isCertain && writes.unwritten.length > 0;
    if (isCertain) this.certain++;
    else this.uncertain++;
    for (const { number } of writes.unwritten) this.#recordOf.delete(number);
    let last = writes.durable - 1;
    while (last >= 0 && !this.#recordOf.has(last)) last--;
    const durable = last < 0 ? 0 : this.#recordOf.get(last)! + 1;
    this.#options.check?.(durable);
    for (const { data } of writes.unwritten) {
      assert.deepEqual(data, this.records[recordIn(data)]);
    }
    const from = isCertain ? recordIn(writes.unwritten[0].data) : durable;
    for (let tries = 1; !await this.#goTo(from); tries++) {
      assert.ok(tries < MAX_TRIES, `the tape does not begin with ${from} records`);
    }
    this.#next = from;
  }

  /**
   * To behind so many records, from the beginning: for that any drive will do. The last of them is read, for tgt tells end
   * of data when it spaces just up to it.
   */
  async #goTo(record: number): Promise<boolean> {
    try {
      await this.#drive.rewind();
      if (record > 1) await this.#drive.space("blocks", record - 1);
      return record === 0 || (await this.#drive.read()).kind === "record";
    } catch (error) {
      assert.ok(error instanceof TapeError, `${error}`);
      return false;
    }
  }
}

/** Records of random lengths, each beginning with its number. */
function makeRecords(
  random: Random,
  { count, maxBytes }: ArchiveOptions,
  minBytes: number,
): Uint8Array[] {
  const bytes = random.bytes(2 * maxBytes);
  return Array.from({ length: count }, (_, number) => {
    const from = random.below(maxBytes);
    const record = bytes.slice(from, from + minBytes + random.below(maxBytes - minBytes));
    new DataView(record.buffer).setUint32(0, number);
    return record;
  });
}

/** The number that a record begins with. */
export function recordIn(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}
