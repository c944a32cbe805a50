/**
 * The ways to a place on the tape: by the drive's own numbers, or from the beginning by what the driver has counted.
 *
 * Each tells whether it has led there for certain; after one that has not, the tape stands anywhere. Some drives miscount where only a motion has brought
 * them, so that every way ends in a READ where it can.
 *
 * @module
 */

import {
  type LocateCdbOptions,
  locateCdbs,
  LocateDestination,
  readCdb,
  rewindCdb,
  spaceCdb,
  SpaceCode,
} from "./commands.ts";
import { isDone } from "./conditions.ts";
import type { Reply } from "./device.ts";
import { isObject, isRecord, isSealed, leastRead } from "./least_read.ts";
import type { Records } from "./read_length.ts";
import type { TapeSession } from "./tape_session.ts";

/** As many in a row as are looked at for an object that is none. */
const MAX_FILEMARKS = 16;

/** Leads the tape of one drive. */
export class Wayfinding {
  readonly #session: TapeSession;

  constructor(session: TapeSession) {
    this.#session = session;
  }

  /** What the drive calls the place where it stands; `undefined` when it does not say. */
  async number(signal?: AbortSignal): Promise<number | undefined> {
    return (await this.#session.drivePosition.ask(signal))?.object;
  }

  async rewind(): Promise<boolean> {
    return await this.#move(rewindCdb());
  }

  /** Spaces over blocks, backwards when negative; any answer but good makes this way worthless. */
  async spaceBlocks(count: number): Promise<boolean> {
    return await this.#space(SpaceCode.Blocks, count);
  }

  /** Spaces back over one object: over a filemark, too, which that ends at. */
  async backOverOne(): Promise<boolean> {
    const { condition } = await this.#session.device.probe({ cdb: spaceCdb(SpaceCode.Blocks, -1) });
    const isOver = isDone(condition) || condition === "filemark";
    if (isOver) this.#session.buffer.moved();
    return isOver;
  }

  async #space(code: number, count: number): Promise<boolean> {
    return await this.#move(spaceCdb(code, count));
  }

  async #move(cdb: Uint8Array): Promise<boolean> {
    const { condition } = await this.#session.device.probe({ cdb });
    if (isDone(condition)) this.#session.buffer.moved();
    return isDone(condition);
  }

  /** Reads one thing, a record or a filemark, which the tape stands behind then. */
  async passOne(): Promise<boolean> {
    const { condition } = await this.readOne();
    return isObject(condition);
  }

  /** Reads one thing, whatever it is. */
  readOne(): Promise<Reply> {
    return this.#session.device.probe(leastRead(this.#session));
  }

  /** Reads a record, and whether it is the first of these. */
  async isNext({ data, recordBytes }: Records): Promise<boolean> {
    const { device, blockBytes } = this.#session;
    const fixed = blockBytes > 0;
    const dataIn = new Uint8Array(recordBytes);
    const cdb = readCdb({ fixed, sili: false, length: fixed ? 1 : recordBytes });
    const { condition } = await device.probe({ cdb, dataIn });
    return condition === "good" && dataIn.every((byte, at) => byte === data[at]);
  }

  /** LOCATEs, and asks the drive whether it is there. */
  async locateExactly(number: number): Promise<boolean> {
    return await this.#locateTo({ number, destination: LocateDestination.Object }) &&
      await this.number() === number;
  }

  /** To the beginning of a partition. A drive that does not tell where it stands is taken at its word, as it is where the caller goes to another. */
  async toPartition(partition: number): Promise<boolean> {
    const options = { number: 0, destination: LocateDestination.Object, partition };
    if (!await this.#locateTo(options)) return false;
    const here = await this.#session.drivePosition.ask();
    if (here?.object === undefined) this.#session.partition.enter(partition);
    return (here?.object ?? 0) === 0 && this.#session.partition.number === partition;
  }

  async #locateTo(options: LocateCdbOptions): Promise<boolean> {
    for (const cdb of locateCdbs(options)) {
      const { condition } = await this.#session.device.probe({ cdb });
      if (isDone(condition)) {
        this.#session.buffer.moved();
        return true;
      }
      if (condition !== "illegal-request") return false;
    }
    return false;
  }

  /**
   * LOCATEs to the object before, and reads that one, which brings the tape to this number: so the drive itself has passed what lies before, and istgt,
   * which loses its way when it is located to a filemark, is not asked to. Where the object before is one it is, and then comes from before that.
   */
  async locate(number: number): Promise<boolean> {
    if (number <= 1) return await this.locateExactly(number);
    for (let objects = 1; objects <= Math.min(number, MAX_FILEMARKS); objects++) {
      const isThere = objects < number ? this.locateExactly(number - objects) : this.rewind();
      if (!await isThere) return false;
      const { condition } = await this.readOne();
      if (!isObject(condition)) return false;
      if (await this.#readOnTo(number, objects - 1)) return true;
      if (condition !== "filemark") return false;
    }
    return false;
  }

  /** {@linkcode locate} has led to this number, by a READ where that was possible, and nothing is doubted any more. */
  arrive(number: number): void {
    const { proof } = this.#session;
    if (number > 1) proof.arrive(number);
    else proof.land(number || undefined);
  }

  /** Reads at most so many objects more, until the drive says that it has come to this number. */
  async #readOnTo(number: number, most: number): Promise<boolean> {
    for (let left = most;; left--) {
      const here = await this.number();
      if (here === undefined || here >= number) return here === number;
      if (left === 0 || !await this.passOne()) return false;
    }
  }

  /**
   * From the beginning of the partition over what the driver has counted, over the last record of it with a READ, behind which every drive knows its place.
   * Where that one cannot be read spacing alone has to do; from the very beginning only if what it leads to `isChecked`.
   */
  async fromBeginning(isChecked = false): Promise<boolean> {
    const { file, record } = this.#session.count;
    if (file === undefined || record === undefined) return false;
    if (!await this.#toRecord(file, Math.max(record - 1, 0), isChecked)) return false;
    if (record === 0) return true;
    const { condition } = await this.readOne();
    if (isRecord(condition)) return true;
    if (condition === "filemark" || condition === "end-of-data") return false;
    if (!await this.#toRecord(file, record, isChecked)) return false;
    this.#session.proof.land();
    return true;
  }

  /**
   * From the very beginning istgt spaces over one block too few, unless one has been read. A drive that knows of keys, and has none for that one, is not one
   * of its kind.
   */
  async #toRecord(file: number, record: number, isChecked: boolean): Promise<boolean> {
    if (!await this.rewind()) return false;
    if (file > 0 && !await this.#space(SpaceCode.Filemarks, file)) return false;
    if (record === 0) return true;
    if (file > 0) return await this.spaceBlocks(record);
    const reply = await this.readOne();
    if (isRecord(reply.condition)) return record === 1 || await this.spaceBlocks(record - 1);
    return (isChecked || isSealed(reply)) && await this.rewind() && await this.spaceBlocks(record);
  }
}
